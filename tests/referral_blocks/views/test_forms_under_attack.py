"""Input that no browser would send: refused with a page, nothing written, and nobody else's form is harmed."""

import time
import uuid

import pytest
import time_machine
from django.core import signing
from django.core.signing import TimestampSigner
from django.utils.http import urlencode

from cms.pages.models import LandingPage, SharePage
from referral_blocks.blocks import form_base, friend_fields
from referral_blocks.emails.models import Email
from referral_blocks.groups.models import Group, GroupMember
from referral_blocks.ledger.points import add_points, spendable
from referral_blocks.links.models import Visit
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.referrals.attribution import visit_token
from referral_blocks.referrals.models import Referral, ReferralClaim
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import Reward, RewardRule
from tests.make import make_link, make_program
from tests.make_pages import form_data, make_landing_page, make_share_page

pytestmark = pytest.mark.django_db

ACTIONS = {
    "/referrals/join/": "/share/",
    "/referrals/friend/": "/landing/",
    "/referrals/refer-by-name/": "/landing/",
    "/referrals/code/": "/landing/",
    "/referrals/sign-in/": "/share/",
}
PORTAL = ("/referrals/group/open/", "/referrals/group/join/", "/referrals/points/", "/referrals/settings/")
JOIN, FRIEND, SIGN_IN = "/referrals/join/", "/referrals/friend/", "/referrals/sign-in/"
TYPED = {"name": "Kim Example", "email": "kim@example.com", "accept_terms": "on", "referrer_name": "Robin"}
LANDING = [("hero", {}), ("friend_form", {}), ("refer_by_name", {}), ("code_entry", {})]
SHARE = [("join_form", {}), ("standing", {})]


@pytest.fixture
def program():
    program = make_program()
    make_landing_page(program, body=LANDING)
    make_share_page(program, body=SHARE)
    return Program.objects.get()


def later(client, action, data, **headers):
    with time_machine.travel(time.time() + 5):
        return client.post(action, data, **headers)


def written():
    models = (Person, Referrer, Referral, ReferralClaim, Email, Group, GroupMember, Reward)
    return tuple(model.objects.count() for model in models)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    "value",
    [
        "x" * 100_000,
        "\x00",
        "a\x00b",
        "\ud7ff\uffff",
        "\u202e",
        "9" * 5000,
        "-1",
        "[]",
        "{}",
        "None",
        "%00",
        "\r\n",
        "💥" * 999,
    ],
    ids=lambda v: f"{v[:4]!r}-{len(v)}",
)
def test_any_text_in_every_field_at_once(client, program, action, value):
    data = form_data(client, ACTIONS[action], action, **TYPED)
    response = later(client, action, dict.fromkeys([*data, "code", "phone"], value))
    assert response.status_code in (302, 422)  # what fills in the trap, too, is thanked
    assert written() == (0,) * 8


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("value", ["x" * 100_000, "\x00", "a\ufffd\u202eb", "9" * 5000, ""])
def test_any_text_in_any_one_field(client, program, action, value):
    data = form_data(client, ACTIONS[action], action, **TYPED)
    data.pop("homepage", None)
    for name in data:
        before = written()
        response = later(client, action, {**data, name: value})
        assert response.status_code in ((200, 302, 422) if name == "page" else (302, 422)), name
        if response.status_code == 422:
            assert written() == before, name
            assert "no-store" in response["Cache-Control"], name


@pytest.mark.parametrize("action", [*ACTIONS, *PORTAL])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"name=%ff%fe&email=%c3%28&program=%ff", "application/x-www-form-urlencoded"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"name[]=a&name[]=b&email[x]=1&program[]=neighbours", "application/x-www-form-urlencoded"),
        (b'{"name": ["Kim"], "program": {"a": 1}}', "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"", ""),
    ],
)
def test_bodies_that_are_no_form(client, program, action, body, kind):
    response = client.generic("POST", action, body, content_type=kind)
    assert response.status_code in (400, 422)
    assert written() == (0,) * 8


@pytest.mark.parametrize("action", [*ACTIONS, *PORTAL])
def test_a_body_without_end_is_not_read(client, program, action):
    assert client.post(action, {"name": "x" * 3_000_000, "program": "neighbours"}).status_code == 400
    many = urlencode([(f"f{n}", "x") for n in range(2000)])
    response = client.generic("POST", action, many, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400


def test_of_several_values_the_last_counts(client, program):
    data = form_data(client, "/share/", JOIN, **TYPED)
    response = later(client, JOIN, {**data, "email": ["one@example.com", "two@example.com"]})
    assert response.status_code == 302
    assert list(Person.objects.values_list("email", flat=True)) == ["two@example.com"]


@pytest.mark.parametrize("ahead", [5, 3600, 86_400 * 365])
def test_a_time_that_is_still_to_come_is_made_new(client, program, ahead):
    """A web server whose clock is ahead made the form; this one must not send the visitor round in circles."""
    data = form_data(client, "/share/", JOIN, **TYPED)
    data["started"] = signing.dumps(time.time() + 3600 + ahead, salt=form_base.SALT)
    refused = client.post(JOIN, data)
    assert refused.status_code == 422
    assert "That was very quick" in refused.content.decode()
    assert written() == (0,) * 8
    again = form_hidden(refused, JOIN)
    assert again["started"] != data["started"]
    assert later(client, JOIN, {**data, **again}).status_code == 302


def form_hidden(response, action):
    import re

    html = response.content.decode()
    form = next(f for f in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'action="{action}"' in f)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form))


@pytest.mark.parametrize("started", ["x", [1], {"a": 1}, None, "inf", 10**400])
def test_a_signed_time_that_is_none(client, program, started):
    data = form_data(client, "/share/", JOIN, **TYPED)
    data["started"] = signing.dumps(started, salt=form_base.SALT)
    assert later(client, JOIN, data).status_code == 422
    assert written() == (0,) * 8


def test_what_is_signed_for_one_thing_is_worth_nothing_for_another(client, program):
    link = make_link(program)
    before = written()
    data = form_data(client, "/landing/", FRIEND, **TYPED, code=link.code)
    wrong = {"started": data["fields_asked"] or TimestampSigner().sign("x"), "fields_asked": data["started"]}
    assert later(client, FRIEND, {**data, "started": wrong["started"]}).status_code == 422
    assert written() == before
    assert later(client, FRIEND, {**data, "fields_asked": wrong["fields_asked"]}).status_code == 302
    assert Referral.objects.get().answers == []


@pytest.mark.parametrize(
    "rows", [[["postcode", "Which?", "", True]], [["text"]], ["text"], {"a": 1}, 5, [[["text"], "Q", "", True]]]
)
def test_a_form_of_an_older_version_still_goes_through(client, program, rows):
    """A cached page may hold fields that this version no longer knows."""
    data = form_data(client, "/landing/", FRIEND, **TYPED, code=make_link(program).code)
    data["fields_asked"] = signing.dumps(rows, salt=friend_fields.SALT, compress=True)
    assert later(client, FRIEND, data).status_code == 302
    assert Referral.objects.get().answers == []


class TestAnotherProgramme:
    @pytest.fixture
    def other(self, program):
        return make_program(slug="other", name="Other")

    def test_its_invitation_credits_nobody_here(self, client, program, other):
        link = make_link(other, email="other@example.com")
        token = visit_token(code=link.code, program_id=other.pk, visit=None)
        before = written()
        data = {**form_data(client, "/landing/", FRIEND, **TYPED), "token": token}
        response = later(client, FRIEND, data)
        assert response.status_code == 422
        assert written() == before

    def test_its_code_credits_nobody_here_and_says_no_more(self, client, program, other):
        code = make_link(other, email="other@example.com").code
        before = written()
        data = form_data(client, "/landing/", FRIEND, **TYPED)
        with time_machine.travel(time.time() + 5, tick=False):
            unknown = client.post(FRIEND, {**data, "code": "NOBODY99"})
            theirs = client.post(FRIEND, {**data, "code": code})
        assert unknown.status_code == theirs.status_code == 422
        assert unknown.content.decode().replace("NOBODY99", code) == theirs.content.decode()
        assert written() == before

    def test_its_terms_are_not_those_that_were_shown(self, client, program, other):
        Program.objects.filter(pk=other.pk).update(terms="Be quick.")
        data = {**form_data(client, "/share/", JOIN, **TYPED), "program": "other"}
        response = later(client, JOIN, data)
        assert response.status_code == 422
        assert "The terms have changed" in response.content.decode()
        assert written() == (0,) * 8

    def test_its_session_opens_no_door_here(self, client, program, other):
        session = make_session(make_link(other, email="other@example.com").referrer, verified=True)
        client.cookies[session_cookie(program)] = session
        before = written()
        data = {"program": program.slug, "started": signing.dumps(0, salt=form_base.SALT), "greeting_consent": "on"}
        assert client.post("/referrals/settings/", data).status_code == 422
        assert written() == before


@pytest.mark.parametrize("action", [a for a in ACTIONS if a != SIGN_IN])
@pytest.mark.parametrize("status", [ProgramStatus.PAUSED, ProgramStatus.ENDED, ProgramStatus.DRAFT])
def test_a_programme_that_has_closed_meanwhile(client, program, action, status):
    code = make_link(program).code
    before = written()
    data = form_data(client, ACTIONS[action], action, **TYPED, code=code)
    Program.objects.update(status=status)
    response = later(client, action, data)
    assert response.status_code == 422
    assert written() == before


@pytest.mark.parametrize("number", ["9" * 400, "9" * 5000, "-1", "0", "1e3", "1.0", "\u0661", ""])
def test_numbers_that_are_no_offer(client, program, number):
    referrer = make_link(program).referrer
    client.cookies[session_cookie(program)] = make_session(referrer, verified=True)
    before = written()
    for action in ("/referrals/group/open/", "/referrals/points/"):
        data = {"program": program.slug, "started": signing.dumps(0, salt=form_base.SALT), "offer": number}
        assert client.post(action, {**data, "exchange": uuid.uuid4().hex}).status_code == 422
    assert written() == before


def test_another_ones_exchange_gives_nothing_away(client, program):
    """The id of an exchange is hidden in a form; sent by somebody else it takes their own points or nothing."""
    offer = RewardRule.objects.create(
        program=program, side="referrer", title="Mug", amount_minor=800, trigger="points", points_price=300
    )
    first, second = make_link(program).referrer, make_link(program, email="two@example.com").referrer
    for referrer in (first, second):
        add_points(key=f"p{referrer.pk}", program_id=program.pk, person_id=referrer.person_id, points=300)
    data = {"program": program.slug, "started": signing.dumps(0, salt=form_base.SALT), "offer": offer.pk}
    data["exchange"] = uuid.uuid4().hex
    answers = []
    for referrer in (first, second):
        client.cookies[session_cookie(program)] = make_session(referrer, verified=True)
        answers.append(client.post("/referrals/points/", data).status_code)
    assert answers == [200, 422]
    assert list(Reward.objects.values_list("person_id", flat=True)) == [first.person_id]
    assert spendable(program_id=program.pk, person_id=second.person_id) == 300


def test_two_tabs_two_friends(client, program):
    """The tab that was opened first is sent last: each friend is credited once, to the one who invited them."""
    one, two = make_link(program), make_link(program, email="two@example.com")
    tabs = [form_data(client, f"/landing/?rt={_token(link)}", FRIEND, **TYPED) for link in (one, two)]
    for tab, email in ((tabs[1], "b@example.com"), (tabs[0], "a@example.com")):
        assert later(client, FRIEND, {**tab, "email": email}).status_code == 302
    assert dict(Referral.objects.values_list("friend__email", "referrer_id")) == {
        "a@example.com": one.referrer_id,
        "b@example.com": two.referrer_id,
    }


def _token(link):
    return visit_token(code=link.code, program_id=link.referrer.program_id, visit=None)


def test_the_sixty_first_visitor_of_one_address_is_credited_too(client, program, settings):
    """A fair, a school, an office: their visits are no longer counted, and their forms have no visit to name."""
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    link = make_link(program)
    browser = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
    with time_machine.travel(time.time(), tick=False):
        arrived = [client.get(f"/r/{link.code}/", headers=browser)["Location"] for _ in range(61)][-1]
    data = form_data(client, arrived.removeprefix(program.site.root_url), FRIEND, **TYPED)
    assert data["token"]
    assert later(client, FRIEND, data).status_code == 302
    referral = Referral.objects.get()
    assert (referral.referrer_id, referral.attribution_method) == (link.referrer_id, "token")
    assert Visit.objects.count() == 60


@pytest.mark.parametrize("page", [LandingPage, SharePage])
def test_a_page_that_takes_forms_of_its_own_is_not_sent_ours(client, program, monkeypatch, page):
    """A host's page may answer POST, as Wagtail's form pages do: shown again, it is only looked at."""
    asked = []
    plain = page.serve
    monkeypatch.setattr(
        page, "serve", lambda self, request, *a, **k: asked.append(request.method) or plain(self, request, *a, **k)
    )
    action = FRIEND if page is LandingPage else JOIN
    response = later(client, action, {**form_data(client, ACTIONS[action], action, **TYPED), "email": "kim@"})
    assert asked == ["GET", "GET"]
    assert response.status_code == 422
    assert 'value="kim@"' in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"


def test_whoever_is_known_is_answered_like_a_stranger(client, program):
    """Joining and asking for a link: the same answer, the same cookies but for what is in them, and no name."""
    make_link(program, email="robin@example.com", name="Robin Secret")
    answers = {}
    for email in ("robin@example.com", "nobody@example.com"):
        for action in (JOIN, SIGN_IN):
            client.cookies.clear()
            sent = later(client, action, {**form_data(client, "/share/", action, **TYPED), "email": email})
            shown = client.get(sent["Location"]).content.decode()
            answers[email, action] = (sent.status_code, sent["Location"], sorted(sent.cookies), "Secret" in shown)
    for action in (JOIN, SIGN_IN):
        assert answers["robin@example.com", action] == answers["nobody@example.com", action]
        assert answers["robin@example.com", action][3] is False
