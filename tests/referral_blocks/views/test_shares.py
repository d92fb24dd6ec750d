from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import override_settings

from referral_blocks.links.models import ShareEvent
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrers.session import make_session, session_cookie
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
BROWSER = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
CHANNELS = ["whatsapp", "email", "sms", "x", "facebook", "linkedin"]


@pytest.fixture
def link(client):
    """A referrer who is signed in to this browser."""
    link = make_link(make_program())
    sign_in(client, link)
    return link


def sign_in(client, link):
    session = make_session(link.referrer, verified=False, code=link.code)
    client.cookies[session_cookie(link.referrer.program)] = session


def press(client, link, channel, text="Look here", **more):
    return client.get(f"/r/{link.code}/share/{channel}/", {"text": text, **more}, **BROWSER)


def counted():
    return list(ShareEvent.objects.values_list("channel", flat=True))


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_press_is_counted_once_and_leads_to_the_channel(client, link, channel):
    response = press(client, link, channel)
    assert response.status_code == 302
    assert counted() == [channel]
    event = ShareEvent.objects.get()
    assert (event.link, event.program) == (link, link.referrer.program)
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("channel", "start", "carries"),
    [
        ("whatsapp", "https://wa.me/?", {"text": ["Look here {url}"]}),
        ("email", "mailto:?", {"subject": ["Bring a neighbour"], "body": ["Look here\n\n{url}"]}),
        ("sms", "sms:?&", {"body": ["Look here {url}"]}),
        ("x", "https://x.com/intent/post?", {"text": ["Look here"], "url": ["{url}"]}),
        ("facebook", "https://www.facebook.com/sharer/sharer.php?", {"u": ["{url}"]}),
        ("linkedin", "https://www.linkedin.com/sharing/share-offsite/?", {"url": ["{url}"]}),
    ],
)
def test_the_message_and_the_link_arrive_in_the_channels_own_form(client, link, channel, start, carries):
    location = press(client, link, channel)["Location"]
    url = f"http://localhost/r/{link.code}/"
    assert location.startswith(start)
    assert parse_qs(location.partition("?")[2]) == {k: [v.format(url=url) for v in vs] for k, vs in carries.items()}


@pytest.mark.parametrize(
    "text",
    ["https://evil.example/", "&to=evil@example.com&cc=x", "\r\nBcc: evil@example.com", "#", "%0d%0aX: y", "\x00"],
)
@pytest.mark.parametrize("channel", CHANNELS)
def test_no_text_changes_where_it_leads_or_whom_it_is_for(client, link, channel, text):
    """Given a text that tries to be more than text, when it is shared, then only the message holds it."""
    plain, tried = press(client, link, channel)["Location"], press(client, link, channel, text)["Location"]
    assert urlsplit(tried)[:3] == urlsplit(plain)[:3]
    assert set(parse_qs(urlsplit(tried).query)) <= {"text", "url", "subject", "body", "u"}
    assert "\r" not in tried
    assert "\n" not in tried
    assert urlsplit(tried).fragment == ""


@pytest.mark.parametrize("channel", ["whatsapp", "email", "sms", "x"])
def test_any_script_arrives_and_a_space_is_no_plus(client, link, channel):
    text = "Привет, 你好 שלום + 100 % 👋"
    location = press(client, link, channel, text)["Location"]
    assert location.isascii()
    assert "+" not in location.partition("?")[2]
    assert text in " ".join(v for values in parse_qs(location.partition("?")[2]).values() for v in values)


def test_a_long_text_is_cut(client, link):
    assert len(press(client, link, "whatsapp", "a" * 5000)["Location"]) < 800


def test_copying_and_the_share_sheet_are_told_by_a_beacon(client, link):
    for channel in ("copy", "native"):
        response = client.post(f"/r/{link.code}/share/{channel}/", **BROWSER, HTTP_SEC_FETCH_SITE="same-origin")
        assert (response.status_code, response.content) == (204, b"")
    assert counted() == ["copy", "native"]


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_USER_AGENT": "Googlebot/2.1 (+http://www.google.com/bot.html)"},
        {"HTTP_USER_AGENT": "WhatsApp/2.23.20"},
        {**BROWSER, "HTTP_SEC_PURPOSE": "prefetch"},
        {**BROWSER, "HTTP_PURPOSE": "prefetch"},
        {**BROWSER, "HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_USER_AGENT": ""},
    ],
)
def test_robots_prefetches_and_other_sites_do_not_count_and_are_led_on(client, link, headers):
    assert client.get(f"/r/{link.code}/share/whatsapp/", **headers).status_code == 302
    assert client.post(f"/r/{link.code}/share/copy/", **headers).status_code == 204
    assert counted() == []


def test_a_head_request_does_not_count(client, link):
    assert client.head(f"/r/{link.code}/share/whatsapp/", **BROWSER).status_code == 302
    assert counted() == []


def test_only_the_links_own_referrer_counts(client, link):
    other = make_link(link.referrer.program, email="other@example.com", name="Other Example")
    assert press(client, other, "whatsapp").status_code == 302
    client.cookies.clear()
    assert press(client, link, "whatsapp").status_code == 302
    assert counted() == []


def test_a_paused_programme_counts_nothing(client, link):
    program = link.referrer.program
    program.status = ProgramStatus.PAUSED
    program.save()
    assert press(client, link, "whatsapp").status_code == 302
    assert counted() == []


@override_settings(REFERRAL_BLOCKS={"RATE_LIMITS_ENABLED": True, "RATE_LIMIT_STORAGE": "memory://"})
def test_a_flood_is_led_on_and_counted_up_to_the_limit(client, link):
    statuses = {press(client, link, "x").status_code for _ in range(35)}
    assert statuses == {302}
    assert len(counted()) == 30


@pytest.mark.parametrize("path", ["/r/UNKNOWN23/share/x/", "/r/{code}/share/fax/", "/r/{code}/share/copy/"])
def test_an_unknown_code_or_channel_is_not_found(client, link, path):
    assert client.get(path.format(code=link.code), **BROWSER).status_code == 404
    assert counted() == []


def test_a_groups_link_can_be_shared_and_nothing_else(client, link):
    group = "0b0f2c0e-3b5e-4f0e-9d55-3f6c2a8f0a11"
    url = f"http://localhost/r/{link.code}/"
    for given, shared in ((group, f"{url}group/{group}/"), ("https://evil.example", url)):
        location = press(client, link, "facebook", group=given)["Location"]
        assert parse_qs(urlsplit(location).query) == {"u": [shared]}


def test_a_downloaded_qr_code_counts_and_one_that_is_shown_does_not(client, link):
    client.get(f"/r/{link.code}/qr.png", **BROWSER)
    assert counted() == []
    response = client.get(f"/r/{link.code}/qr.png?download", **BROWSER)
    assert response["Cache-Control"] == "private, no-store"
    client.get(f"/r/{link.code}/qr.svg?download", **BROWSER)
    assert counted() == ["qr", "qr"]


def test_the_png_for_print_is_large_and_says_its_resolution(client, link):
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(client.get(f"/r/{link.code}/qr.png?download", **BROWSER).content))
    assert image.width >= 1500
    assert round(image.info["dpi"][0]) == 300
