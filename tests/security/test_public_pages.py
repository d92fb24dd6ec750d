"""Hostile text is text on every page that visitors see: in each theme, to each kind of visitor, after each mistake."""

import json
import re
import time

import pytest
import time_machine
from django.urls import URLPattern, reverse

from cms.pages.models import LandingPage
from referral_blocks import urls
from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.groups.models import Group, GroupMember
from referral_blocks.people.data_page import page_url
from referral_blocks.programs.models import Program, TermsVersion
from referral_blocks.referrals.attribution import visit_token
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import Reward
from referral_blocks.rewards.page import reward_url
from referral_blocks.theming.models import SiteTheme
from tests.make_pages import form_data, use_theme
from tests.security import payloads
from tests.security.blocks import choices_in
from tests.security.world import make_site_pages, make_world, plant

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]

BROWSER = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
TEXT = payloads.MARKUP[0]
FORMS = {
    "/referrals/join/": "/share/",
    "/referrals/friend/": "/landing/",
    "/referrals/refer-by-name/": "/landing/",
    "/referrals/code/": "/landing/",
    "/referrals/sign-in/": "/share/",
    "/referrals/group/join/": "/landing/",
}
# Addresses of the plugin that this file opens by hand, or that show no page; a new one fails until it is said here.
OPENED = {
    "visit", "share", "group_link", "qr", "terms", "sign_in", "reward", "payout_account_return",
    "payout_account_refresh", "brand", "share_card", "join",
    "your_data", "your_data_page", "your_data_file",
    "friend", "refer_by_name", "enter_code", "sign_in_request", "group_join",
}  # fmt: skip
NO_PAGE = {"group_open", "exchange_points", "consents", "sign_out", "provider_webhook", "healthz", "readyz"}


@pytest.fixture(params=payloads.ROUNDS.values(), ids=payloads.ROUNDS)
def referrer(request):
    referrer = make_world()
    make_site_pages(referrer, request.param)
    plant(request.param)
    referrer.refresh_from_db()
    return referrer


def lookers(referrer):
    """Cookies and query of a stranger, an invited friend, somebody who has just joined, and a proved referrer."""
    program, link = referrer.program, referrer.links.first()
    session = session_cookie(program)
    token = visit_token(code=link.code, program_id=program.pk, visit=None)
    return [
        ({}, ""),
        ({}, f"?rt={token}"),
        ({session: make_session(referrer, verified=False, code=link.code)}, "?rb=joined"),
        ({session: make_session(referrer, verified=True)}, "?rb=saved"),
    ]


@pytest.mark.parametrize("theme", ["", "paper", "signal", "street"])
def test_every_block_in_every_theme(client, referrer, reader, theme):
    use_theme(theme)
    for path in ("/landing/", "/share/"):
        for cookies, query in lookers(referrer):
            client.cookies.clear()
            client.cookies.load(cookies)
            html = client.get(path + query).content.decode()
            assert (path, query, reader(html)) == (path, query, [])
            assert html.count("xss") > 30


def test_other_pages(client, referrer, reader):
    program = Program.objects.get()
    number = TermsVersion.objects.filter(program=program).first().number
    mine = {session_cookie(program): make_session(referrer, verified=True)}
    client.cookies.load(mine)
    data_page = page_url(person=referrer.person, site=program.site).removeprefix(program.site.root_url)
    rewards = [reward_url(reward).removeprefix(program.site.root_url) for reward in Reward.objects.all()[:6]]
    pages = [
        reverse("referral_blocks:terms", args=[program.slug, number]),
        *rewards,
        reverse("referral_blocks:your_data"),
        data_page,
    ]
    for path in pages:
        response = client.get(path)
        assert response.status_code == 200
        assert (path, reader(response.content.decode())) == (path, [])
    terms = client.get(pages[0]).content.decode()
    assert "xss-probe" in terms


@pytest.mark.parametrize(("action", "path"), FORMS.items())
def test_a_form_that_is_shown_again_quotes_what_was_typed(client, reader, action, path):
    make_site_pages(make_world(), payloads.CODE)
    GroupMember.objects.last().delete()  # a place is free
    group = Group.objects.first().public_id
    data = form_data(client, f"{path}?rb_group={group}", action)
    typed = dict.fromkeys(("name", "email", "phone", "code", "referrer_name", "company", "message", "text_1"), TEXT)
    for page in (path, "/nowhere/", TEXT):
        with time_machine.travel(time.time() + 5):
            response = client.post(action, {**data, **typed, "page": page})
        html = response.content.decode()
        assert response.status_code == 422
        assert "&lt;img src=x onerror=__xss()" in html
        assert reader(html) == []
    for hidden in data:
        response = client.post(action, {**data, **typed, hidden: TEXT})
        assert response.status_code in (302, 200, 422)
        assert reader(response.content.decode()) == []


@pytest.mark.parametrize("parameter", ["rb", "rt", "rb_group", "utm_source", "rb_text", "rb_text_email", "page", "q"])
def test_what_stands_in_the_address_and_the_headers(client, referrer, reader, parameter):
    client.cookies.load({session_cookie(referrer.program): make_session(referrer, verified=True)})
    for path in ("/landing/", "/share/", "/nowhere/", f"/{TEXT}/"):
        for text in (TEXT, payloads.CODE[0]):
            headers = {"user-agent": TEXT, "referer": f"https://x.example/{TEXT}", "accept-language": TEXT}
            response = client.get(path, {parameter: text}, headers=headers)
            assert response.status_code in (200, 404)
            assert (path, reader(response.content.decode())) == (path, [])


def test_what_stands_in_tokens_and_codes(client, referrer, reader):
    for name, more in (
        ("sign_in", []), ("reward", []), ("your_data_page", []), ("your_data_file", []),
        ("payout_account_return", []), ("payout_account_refresh", []),
        ("visit", []), ("share", ["whatsapp"]), ("qr", ["svg"]),
    ):  # fmt: skip
        for text in ("x' xss-probe='\"><xss-probe>", "javascript:__xss()", "{{7*7}}", "a\r\nSet-Cookie: xss=1"):
            address = reverse(f"referral_blocks:{name}", args=[text, *more])
            response = client.get(address, **BROWSER)
            assert response.status_code in (200, 302, 400, 404), address
            assert reader(response.content.decode()) == []
            assert "xss" not in response.get("Location", "")
            assert "xss" not in response.cookies


def test_where_share_buttons_lead(client, referrer):
    code = referrer.links.first().code
    schemes = {"email": "mailto:?subject=", "sms": "sms:?&body=", "whatsapp": "https://wa.me/?", "x": "https://x.com/"}
    for channel, start in schemes.items():
        for text in (TEXT, payloads.CODE[0], "Hi\r\nBcc: all@example.com"):
            address = reverse("referral_blocks:share", args=[code, channel])
            location = client.get(address, {"text": text, "group": text}, **BROWSER)["Location"]
            assert location.startswith(start)
            assert not set(location) & set("\r\n<>\"'` ")


def test_the_names_of_downloads(client, referrer):
    link = referrer.links.first()
    response = client.get(reverse("referral_blocks:qr", args=[link.code, "png"]) + "?download", **BROWSER)
    assert response["Content-Disposition"] == f'attachment; filename="{link.code}.png"'


def test_a_brand_that_was_written_past_the_form_stays_out_of_the_stylesheet(client, reader):
    make_site_pages(make_world(), payloads.MARKUP)
    colors = [f.name for f in SiteTheme._meta.fields if f.max_length == 7]
    for text in ('"><xss>', ";}*{a:b", "</sty", "expr(1"):
        SiteTheme.objects.update(**dict.fromkeys(colors, text), font=text, radius=text[:10])
        html = client.get("/landing/").content.decode()
        assert "referrals/brand/" not in html
        assert reader(html) == []
        SiteTheme.objects.update(accent="#0e4f3b")
        html = client.get("/landing/").content.decode()
        css = client.get(html[html.index("/referrals/brand/") :].split('"')[0]).content.decode()
        assert text not in css
        assert "#0e4f3b" in css


def test_a_theme_that_there_is_not_is_no_path_and_no_markup(client, reader):
    make_site_pages(make_world(), payloads.MARKUP)
    for slug in ('"><xss-probe>', "../../../etc/passwd", "{{7*7}}"):
        SiteTheme.objects.update(theme=slug)
        Program.objects.update(theme=slug)
        response = client.get("/landing/")
        assert response.status_code == 200
        assert reader(response.content.decode()) == []


def test_the_share_image_is_drawn_of_any_words_and_its_address_holds_none(client, referrer):
    html = client.get("/landing/").content.decode()
    (address,) = set(re.findall(r'content="https?://[^/]+(/referrals/card/[^"]*)"', html))
    assert re.fullmatch(r"/referrals/card/\d+/[a-z-]+/[\w-]+\.png", address)
    image = client.get(address)
    assert (image.status_code, image["Content-Type"]) == (200, "image/png")
    assert image.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("text", [payloads.MARKUP[0], payloads.CODE[0]])
def test_choices_that_there_are_not(client, reader, text):
    referrer = make_world()
    make_site_pages(referrer, payloads.MARKUP)
    page = LandingPage.objects.get()
    raw = list(page.body.raw_data)
    changed = choices_in(ReferralStreamBlock(), raw, text)
    assert changed >= 7
    page.body = ReferralStreamBlock().to_python(json.loads(json.dumps(raw)))
    page.save()
    for cookies, query in lookers(referrer):
        client.cookies.clear()
        client.cookies.load(cookies)
        response = client.get("/landing/" + query)
        assert response.status_code == 200
        assert reader(response.content.decode()) == []


def test_no_address_of_the_plugin_is_forgotten():
    names = {p.name for p in urls.urlpatterns if isinstance(p, URLPattern)}
    assert names == OPENED | NO_PAGE
