"""The friend's form with the fields that a marketer has chosen."""

import time

import pytest
import time_machine
from django.core import signing
from django.urls import reverse

from referral_blocks.blocks.friend_fields import SALT, read_fields
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from tests.bodies import landing_body
from tests.make import make_link, make_program
from tests.make_pages import form_data, make_landing_page
from tests.referral_blocks.admin.staff import staff_client

pytestmark = pytest.mark.django_db

FRIEND = "/referrals/friend/"
TYPED = {"name": "Kim Example", "email": "kim@example.com", "accept_terms": "on"}


def field(kind, *, label="", help_text="", required=False):
    return kind, {"label": label, "help_text": help_text, "required": required}


FIELDS = [
    field("phone", required=True),
    field("company", label="Your firm"),
    field("text", label="How many windows?", required=True),
    field("message", help_text="What should we know?"),
    field("text", label="Which floor?"),
]


def make_page(fields, **program_fields):
    make_landing_page(make_program(**program_fields), body=with_fields(fields))
    return Program.objects.get()


def with_fields(fields):
    return [(name, {**value, "fields": fields} if name == "friend_form" else value) for name, value in landing_body()]


def send(client, code, **typed):
    data = form_data(client, "/landing/", FRIEND, **TYPED, code=code, **typed)
    with time_machine.travel(time.time() + 5, tick=False):
        return client.post(FRIEND, data)


def test_the_form_asks_in_the_marketers_order_and_words(client):
    make_page(FIELDS)
    html = client.get("/landing/").content.decode()
    form = html[html.index(f'action="{FRIEND}"') :]
    labels = ["Name", "E-mail", "Phone", "Your firm", "How many windows?", "Message", "Which floor?"]
    at = [form.index(f">{label}") for label in labels]
    assert at == sorted(at)
    assert "<textarea" in form
    assert "What should we know?" in form


def test_the_answers_stay_with_the_referral_and_staff_read_them(client):
    program = make_page(FIELDS)
    code = make_link(program).code
    response = send(
        client, code, phone="020 7946 0000", company="Example & Sons", text_1="Twelve", message="Ring\ntwice", text_2=""
    )
    assert response.status_code == 302
    referral = Referral.objects.get()
    assert referral.answers == [
        {"label": "Your firm", "text": "Example & Sons"},
        {"label": "How many windows?", "text": "Twelve"},
        {"label": "Message", "text": "Ring\ntwice"},
    ]
    assert referral.friend.phone == "020 7946 0000"
    page = staff_client("view_referral").get(reverse("referral_friends:inspect", args=[referral.pk]))
    html = page.content.decode()
    assert "How many windows?" in html
    assert "Ring<br>twice" in html


def test_hostile_answers_are_text_for_staff(client):
    program = make_page(FIELDS)
    send(client, make_link(program).code, phone="1", text_1="<script>alert(1)</script>", company='"><svg onload=x>')
    referral = Referral.objects.get()
    html = staff_client("view_referral").get(reverse("referral_friends:inspect", args=[referral.pk])).content.decode()
    assert "<script>alert" not in html
    assert "<svg onload" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    ("typed", "name", "message"),
    [
        ({"text_1": ""}, "text_1", "Please fill this in."),
        ({"phone": ""}, "phone", "Please fill this in."),
        ({"company": "x" * 201}, "company", "at most 200 characters"),
        ({"company": "a\x00b"}, "company", "Null characters are not allowed"),
        ({"company": "a\u202eb"}, "company", "Remove the control characters"),
        ({"message": "x" * 2001}, "message", "at most 2000 characters"),
        ({"text_2": "a\u2028b"}, "text_2", "Remove the control characters"),
    ],
)
def test_a_mistake_is_shown_at_its_field_and_nothing_is_lost(client, typed, name, message):
    program = make_page(FIELDS)
    code = make_link(program).code
    people = Person.objects.count()
    given = {"phone": "020 1", "company": "Firm", "text_1": "Twelve", "message": "Hello you", "text_2": "First"}
    response = send(client, code, **{**given, **typed})
    html = response.content.decode()
    assert response.status_code == 422
    assert f'id="friend-form-{name}_error"' in html
    assert message in html
    for kept in {"phone", "company", "text_1", "text_2"} - {name}:
        assert f'value="{given[kept]}"' in html
    assert name == "message" or "Hello you</textarea>" in html
    assert (Person.objects.count(), Referral.objects.count()) == (people, 0)


def test_a_form_out_of_a_cache_is_checked_as_it_was_shown(client):
    program = make_page(FIELDS)
    code = make_link(program).code
    data = form_data(client, "/landing/", FRIEND, **TYPED, code=code, phone="1", text_1="Twelve")
    page = program.landing_page.specific
    page.body = with_fields([])
    page.save_revision().publish()
    with time_machine.travel(time.time() + 5):
        assert client.post(FRIEND, data).status_code == 302
    assert Referral.objects.get().answers == [{"label": "How many windows?", "text": "Twelve"}]


@pytest.mark.parametrize("signed", ["", "forged", "x" * 20_000, signing.dumps([["text", "Q", "", True]], salt="other")])
def test_fields_that_nobody_signed_are_not_asked_for(client, signed):
    program = make_page(FIELDS)
    code = make_link(program).code
    data = {**form_data(client, "/landing/", FRIEND, **TYPED, code=code, text_1="Twelve"), "fields_asked": signed}
    with time_machine.travel(time.time() + 5):
        response = client.post(FRIEND, data)
    if len(signed) > 10_000:
        assert response.status_code == 422
        return
    assert response.status_code == 302
    assert Referral.objects.get().answers == []


def test_signed_fields_survive_any_script():
    signed = signing.dumps([["text", "何枚？" * 26, "", True]], salt=SALT, compress=True)
    assert read_fields(signed)[0].label == "何枚？" * 26


def test_a_form_without_more_fields_asks_for_none(client):
    make_page([])
    html = client.get("/landing/").content.decode()
    form = html[html.index(f'action="{FRIEND}"') :]
    assert "Phone" not in form[: form.index("</form>")]


def test_sending_twice_keeps_the_first_answers(client):
    program = make_page(FIELDS)
    code = make_link(program).code
    first = send(client, code, phone="1", text_1="Twelve")
    second = send(client, code, phone="1", text_1="Thirteen")
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    assert [a["text"] for a in Referral.objects.get().answers] == ["Twelve"]


def test_the_flow_refuses_more_answers_than_a_form_can_ask_for():
    program = make_program()
    code = make_link(program).code
    with pytest.raises(Exception, match="Give at most 10 answers") as refused:
        capture_referral(
            program=program, email="kim@example.com", name="Kim", accept_terms=True, code=code,
            answers=[("Q", "A")] * 11,
        )  # fmt: skip
    assert (refused.value.code, refused.value.path) == ("too_long", ("answers",))
    assert Referral.objects.count() == 0
