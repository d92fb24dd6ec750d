"""The portal's forms, as a browser without scripts sends them."""

import re
import uuid

import pytest
import time_machine
from django.utils import timezone

from referral_blocks.flows.join_group import join_group_by_email
from referral_blocks.flows.open_group import open_group
from referral_blocks.groups.models import Group, GroupMember
from referral_blocks.ledger.points import add_points, spendable
from referral_blocks.links.models import Visit
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import Reward, RewardRule
from tests.make import make_link, make_program
from tests.make_pages import make_landing_page, make_share_page
from tests.referral_blocks.flows.test_groups import GROUP_RULES, make_offer

pytestmark = pytest.mark.django_db
PORTAL = ("group_deal", "points", "my_settings", "rewards_table")
BROWSER = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}
LATER = 5  # seconds: nobody fills in a form at once


@pytest.fixture
def program():
    program = make_program(rules=GROUP_RULES)
    make_landing_page(program, body=[("group_deal", {})])
    make_share_page(program, body=[(name, {}) for name in PORTAL])
    return program


def sign_in(client, link, *, verified=True):
    client.cookies[session_cookie(link.referrer.program)] = make_session(
        link.referrer, verified=verified, code=link.code
    )


def forms(client, url, action):
    """The hidden fields of every form on the page with this action."""
    html = client.get(url).content.decode()
    found = [f for f in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'action="{action}"' in f]
    return [dict(re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form)) for form in found]


def send(client, action, data, **more):
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=LATER)):
        return client.post(action, {**data, **more})


def settings_form(client):
    (data,) = forms(client, "/share/", "/referrals/settings/")
    return data


def test_consents_are_saved_and_said_to_be(client, program):
    link = make_link(program, consent=False)
    sign_in(client, link)
    response = send(client, "/referrals/settings/", settings_form(client), leaderboard_consent="on")
    assert response["Location"] == "/share/?rb=saved#my-settings"
    referrer = Referrer.objects.get()
    assert (referrer.greeting_consent, referrer.leaderboard_consent) == (False, True)
    assert "Saved." in client.get("/share/?rb=saved").content.decode()


@pytest.mark.parametrize("who", ["nobody", "unverified", "other"])
def test_only_the_verified_referrer_changes_them(client, program, who):
    link = make_link(program)
    sign_in(client, link)
    data = settings_form(client)
    if who == "nobody":
        client.cookies.clear()
    elif who == "unverified":
        sign_in(client, link, verified=False)
    else:
        other = make_program(slug="other")
        session = make_session(make_link(other, email="o@example.com").referrer, verified=True)
        client.cookies[session_cookie(program)] = session
    response = send(client, "/referrals/settings/", data)
    assert response.status_code == 422
    assert "Open the sign-in link in our e-mail first" in response.content.decode()
    assert Referrer.objects.get(pk=link.referrer_id).greeting_consent


def test_another_site_cannot_send_them(client, program):
    sign_in(client, make_link(program))
    data = settings_form(client)
    response = client.post("/referrals/settings/", data, HTTP_SEC_FETCH_SITE="cross-site")
    assert response.status_code == 403
    assert Referrer.objects.get().greeting_consent


def test_a_referrer_opens_a_group_once(client, program):
    make_offer(program)
    sign_in(client, make_link(program))
    (data,) = forms(client, "/share/", "/referrals/group/open/")
    first = send(client, "/referrals/group/open/", data)
    assert first["Location"] == "/share/?rb=group-opened#group-deal"
    assert send(client, "/referrals/group/open/", data).status_code == 422
    group = Group.objects.get()
    html = client.get("/share/").content.decode()
    assert f"/group/{group.public_id}/" in html
    assert "3 places left" in html
    assert forms(client, "/share/", "/referrals/group/open/") == []


def test_an_offer_of_another_programme_opens_nothing(client, program):
    make_offer(program)
    foreign = make_offer(make_program(slug="other"))
    sign_in(client, make_link(program))
    (data,) = forms(client, "/share/", "/referrals/group/open/")
    assert send(client, "/referrals/group/open/", data, offer=foreign.pk).status_code == 422
    assert not Group.objects.exists()


def test_a_friend_comes_by_the_groups_link_and_takes_a_place(client, program):
    link = make_link(program)
    group = open_group(referrer=link.referrer, offer=make_offer(program))
    response = client.get(f"/r/{link.code}/group/{group.public_id}/", **BROWSER)
    landing = response["Location"]
    assert landing.endswith(f"&rb_group={group.public_id}#group-deal")
    assert Visit.objects.count() == 1
    html = client.get(landing).content.decode()
    assert "3 places left" in html
    assert "Robin" not in html.replace("Robin invited you", "")
    (data,) = forms(client, landing, "/referrals/group/join/")
    typed = {"name": "Kim Example", "email": "kim@example.com", "accept_terms": "on"}
    answer = send(client, "/referrals/group/join/", data, **typed)
    assert answer["Location"] == "/landing/?rb=group-asked#group-deal"
    assert "Thank you, you will hear from us." in client.get(answer["Location"]).content.decode()
    member = GroupMember.objects.get()
    assert (member.group, member.referral.friend.email) == (group, "kim@example.com")


def test_a_mistake_shows_the_group_and_what_was_typed_again(client, program):
    link = make_link(program)
    group = open_group(referrer=link.referrer, offer=make_offer(program))
    (data,) = forms(client, f"/landing/?rb_group={group.public_id}", "/referrals/group/join/")
    response = send(client, "/referrals/group/join/", data, name="Kim Example", email="kim", accept_terms="on")
    html = response.content.decode()
    assert response.status_code == 422
    assert 'value="Kim Example"' in html
    assert "This is not an e-mail address" in html
    assert "3 places left" in html
    assert not Referral.objects.exists()


def test_whoever_is_a_friend_already_is_told_the_same(client, program):
    link, other = make_link(program), make_link(program, email="other@example.com", name="Other Example")
    mine, theirs = (open_group(referrer=one.referrer, offer=make_offer(program)) for one in (link, other))
    given = {"name": "Kim", "email": "kim@example.com", "accept_terms": True}
    join_group_by_email(group=theirs, **given)
    (data,) = forms(client, f"/landing/?rb_group={mine.public_id}", "/referrals/group/join/")
    answer = send(client, "/referrals/group/join/", data, **{**given, "accept_terms": "on"})
    assert answer["Location"] == "/landing/?rb=group-asked#group-deal"
    assert GroupMember.objects.count() == 1


@pytest.mark.parametrize("asked", ["nonsense", str(uuid.uuid4()), "' OR 1=1 --", "\x00"])
def test_a_group_that_does_not_exist_shows_the_offer_alone(client, program, asked):
    make_offer(program)
    response = client.get("/landing/", {"rb_group": asked})
    assert response.status_code == 200
    assert "friends have to buy in time" in response.content.decode()


def make_points(referrer, points=500):
    add_points(key=f"t{points}", program_id=referrer.program_id, person_id=referrer.person_id, points=points)
    return RewardRule.objects.create(
        program=referrer.program, side="referrer", title="A mug", amount_minor=800, trigger="points", points_price=300
    )


def test_points_are_exchanged_once_however_often_the_form_is_sent(client, program):
    referrer = make_link(program).referrer
    make_points(referrer, 900)
    sign_in(client, referrer.links.get())
    (data,) = forms(client, "/share/", "/referrals/points/")
    for _ in range(2):
        answer = send(client, "/referrals/points/", data)
        assert answer["Location"] == "/share/?rb=exchanged#points"
    assert Reward.objects.get().title == "A mug"
    assert spendable(program_id=program.pk, person_id=referrer.person_id) == 600
    html = client.get("/share/?rb=exchanged").content.decode()
    assert "Done. You find it among your rewards." in html
    assert "600 points" in html


def test_two_tabs_that_show_the_same_points_exchange_them_once(client, program):
    """Given two tabs, when both send what they show, then the second finds what the first has bought; what is shown
    after that buys anew, and no two people or offers share an id."""
    referrer = make_link(program).referrer
    make_points(referrer, 900)
    other = make_link(program, email="two@example.com").referrer
    add_points(key="other", program_id=program.pk, person_id=other.person_id, points=900)
    sign_in(client, referrer.links.get())
    tabs = [forms(client, "/share/", "/referrals/points/")[0] for _ in range(2)]
    for data in tabs:
        assert send(client, "/referrals/points/", data)["Location"] == "/share/?rb=exchanged#points"
    assert Reward.objects.count() == 1
    assert spendable(program_id=program.pk, person_id=referrer.person_id) == 600
    (anew,) = forms(client, "/share/", "/referrals/points/")
    send(client, "/referrals/points/", anew)
    assert spendable(program_id=program.pk, person_id=referrer.person_id) == 300
    sign_in(client, other.links.get())
    (theirs,) = forms(client, "/share/", "/referrals/points/")
    assert len({data["exchange"] for data in (*tabs, anew, theirs)}) == 3


def test_points_that_are_spent_meanwhile_are_refused_on_the_page(client, program):
    referrer = make_link(program).referrer
    make_points(referrer, 300)
    sign_in(client, referrer.links.get())
    (data,) = forms(client, "/share/", "/referrals/points/")
    send(client, "/referrals/points/", data)
    response = send(client, "/referrals/points/", {**data, "exchange": uuid.uuid4().hex})
    assert response.status_code == 422
    assert "There are not enough points for this." in response.content.decode()
    assert Reward.objects.count() == 1


def test_signing_out_forgets_the_session(client, program):
    sign_in(client, make_link(program))
    assert 'action="/referrals/sign-out/"' in client.get("/share/").content.decode()
    client.post("/referrals/sign-out/")
    assert 'action="/referrals/sign-out/"' not in client.get("/share/").content.decode()
