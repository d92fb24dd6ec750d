"""What the tests of the element do in a tab, and read from it."""

from referral_blocks.referrers.session import make_sign_in_token


def heard(page):
    return page.evaluate("heard")


def sign_in(page, shop, referrer):
    page.goto(f"{shop.url}/friends#referral-sign-in={make_sign_in_token(referrer)}")
    page.get_by_text("Your friends and rewards").first.wait_for()


def stops(page, count):
    """What the Tab key reaches, by name or text."""
    found = []
    for _press in range(count):
        page.keyboard.press("Tab")
        found.append(
            page.evaluate(
                """() => { let at = document.activeElement
                  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
                  return at.name || at.innerText.split('\\n')[0].trim() }"""
            )
        )
    return found


def pass_time(page, *, seconds):
    """In steps that leave the network its time: what the page gives up after twenty seconds is not what is tried."""
    for _step in range(-(-seconds // 15)):
        page.clock.run_for(15_000)
        page.wait_for_timeout(100)
        for _wait in range(200):
            if not page.asked:
                break
            page.wait_for_timeout(50)


def see(page, state):
    page.evaluate(
        """state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable: true})
        document.dispatchEvent(new Event('visibilitychange')) }""",
        state,
    )
