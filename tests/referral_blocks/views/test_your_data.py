"""The page on which people see, download and erase their data."""

import json

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from referral_blocks.emails.link_requests import LinkRequest
from referral_blocks.emails.models import Email
from referral_blocks.emails.services import send_email
from referral_blocks.flows.export_person import export_person
from referral_blocks.flows.request_data_link import request_data_link
from referral_blocks.people.data_page import make_page_token, page_url
from referral_blocks.people.models import PersonErasure
from referral_blocks.referrers.session import make_session, read_session, session_cookie
from tests.mailbox import look_up
from tests.make import make_link, make_program, make_referral
from tests.make_pages import form_data

pytestmark = pytest.mark.django_db
ASK = "/referrals/your-data/"


def ask(client, email, **more):
    with time_machine.travel(timezone.now() - timezone.timedelta(seconds=2)):
        data = form_data(client, ASK, ASK)
    return client.post(ASK, {**data, "email": email, **more})


def mailed_path() -> str:
    look_up()
    send_email(email_id=Email.objects.get(kind="your_data").pk)
    (line,) = [line for line in mail.outbox[-1].body.splitlines() if "/your-data/" in line]
    return line.removeprefix("http://localhost")


def test_a_known_and_an_unknown_address_get_the_same_answer_and_only_the_known_one_a_mail(client):
    make_referral(make_program())
    data = form_data(client, ASK, ASK)
    seen, queries = [], []
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=2), tick=False):
        for email in ("warm-up@example.com", "friend@example.com", "nobody@example.com"):
            with CaptureQueriesContext(connection) as done:
                answer = client.post(ASK, {**data, "email": email})
            seen.append((answer.status_code, answer.content, dict(answer.items()), str(answer.cookies)))
            queries.append(len(done))
    assert seen[1] == seen[2]
    assert queries[1] == queries[2]
    assert seen[1][0] == 200
    assert b"If we know this address, a link is on its way to it." in seen[1][1]
    assert seen[1][1].count(b"friend@example.com") == 0
    assert look_up() == 3
    assert list(Email.objects.filter(kind="your_data").values_list("person__email", flat=True)) == [
        "friend@example.com"
    ]
    ask(client, "friend@example.com")
    assert look_up() == 1
    assert Email.objects.filter(kind="your_data").count() == 1


def test_a_robot_another_site_and_a_typing_error_write_nothing(client):
    make_referral(make_program())
    assert ask(client, "friend@example.com", homepage="http://spam.example").status_code == 200
    assert ask(client, "friend@").status_code == 422
    other = client.post(ASK, {"email": "friend@example.com"}, headers={"sec-fetch-site": "cross-site"})
    assert other.status_code == 403
    quick = client.post(ASK, {**form_data(client, ASK, ASK), "email": "friend@example.com"})
    assert quick.status_code == 422
    assert (LinkRequest.objects.count(), look_up()) == (0, 0)


def test_a_friend_downloads_and_erases_by_the_link_in_the_mail(client):
    referral = make_referral(make_program(rules=()))
    request_data_link(site_id=referral.program.site_id, email="friend@example.com")
    path = mailed_path()
    page = client.get(path)
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert b"friend@example.com" not in page.content

    file = client.post(path, {"do": "download"})
    found = json.loads(b"".join(file.streaming_content))
    assert file["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert [row["email"] for row in found["person"]] == ["friend@example.com"]

    unsure = client.post(path, {"do": "erase"})
    assert (unsure.status_code, PersonErasure.objects.count()) == (422, 0)
    erased = client.post(path, {"do": "erase", "sure": "1", "no_mail": "1"})
    assert (erased.status_code, b"Your data is being erased" in erased.content) == (200, True)
    erasure = PersonErasure.objects.get()
    assert (erasure.person_id, erasure.reason, erasure.actor, erasure.no_mail) == (
        referral.friend_id,
        "owner",
        None,
        True,
    )
    assert [q.task["func"] for q in OrmQ.objects.all()][-1] == "referral_blocks.flows.tasks.carry_out_erasure"
    assert client.get(path).status_code == 404
    assert client.post(path, {"do": "download"}).status_code == 404


def test_what_is_open_is_said_before_and_has_to_be_given_up(client):
    referral = make_referral(
        make_program(rules=({"side": "friend", "title": "Gift", "amount_minor": 1000, "trigger": "sign_up"},))
    )
    path = page_url(person=referral.friend, site=referral.program.site).removeprefix("http://localhost")
    assert "1 reward: £10.00" in client.get(path).content.decode()
    refused = client.post(path, {"do": "erase", "sure": "1"})
    assert (refused.status_code, PersonErasure.objects.count()) == (422, 0)
    assert client.post(path, {"do": "erase", "sure": "1", "give_up": "1"}).status_code == 200
    assert PersonErasure.objects.get().gives_up is True


def test_an_erasure_ends_whatever_the_browser_is_signed_in_to(client):
    program = make_program()
    link, other = make_link(program), make_link(make_program(slug="second"), email="other@example.com")
    sessions = [make_session(one.referrer, verified=True) for one in (link, link, other)]
    client.cookies[session_cookie(program)] = sessions[0]
    client.cookies[session_cookie(other.referrer.program)] = sessions[2]
    token = make_page_token(person=link.referrer.person, site_id=program.site_id)
    path = reverse("referral_blocks:your_data_page", args=[token])
    erased = client.post(path, {"do": "erase", "sure": "1", "give_up": "1"}, headers={"sec-fetch-site": "same-origin"})
    assert (erased.status_code, {c.value for c in erased.cookies.values()}) == (200, {""})
    assert [read_session(session) for session in sessions] == [None, None, None]


def test_a_session_downloads_but_only_a_mail_erases(client):
    link = make_link(make_program())
    program = link.referrer.program
    client.cookies[session_cookie(program)] = make_session(link.referrer, verified=True)
    assert b"Download my data" in client.get(ASK).content
    file = client.post(ASK, {"do": "download"})
    assert json.loads(b"".join(file.streaming_content))["enrolments"][0]["program"] == program.name
    assert client.post(ASK, {"do": "erase", "sure": "1", "give_up": "1"}).status_code == 200
    assert (PersonErasure.objects.count(), look_up()) == (0, 1)
    assert Email.objects.filter(kind="your_data").count() == 1
    client.cookies[session_cookie(program)] = make_session(link.referrer, verified=False)
    assert b"Download my data" not in client.get(ASK).content


def test_a_link_that_is_forged_old_or_of_another_site_opens_nothing(client):
    link = make_link(make_program())
    person, site = link.referrer.person, link.referrer.program.site
    good = make_page_token(person=person, site_id=site.pk)
    paths = [
        reverse("referral_blocks:your_data_page", args=[t])
        for t in (good + "x", make_page_token(person=person, site_id=site.pk + 1))
    ]
    assert [client.get(path).status_code for path in paths] == [404, 404]
    file = export_person(person=person, site=site)
    path = file.url.removeprefix("http://localhost")
    assert client.get(path).status_code == 200
    assert client.get(reverse("referral_blocks:your_data_page", args=[path.split("/")[3]])).status_code == 404
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=11)):
        assert client.get(path).status_code == 404
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=61)):
        assert client.get(reverse("referral_blocks:your_data_page", args=[good])).status_code == 404
