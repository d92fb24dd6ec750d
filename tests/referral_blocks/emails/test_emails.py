import io
from datetime import timedelta

import pytest
import time_machine
import zxingcpp
from django.core import mail
from django.utils import timezone
from PIL import Image

from referral_blocks.emails import services
from referral_blocks.emails.models import Email
from referral_blocks.flows.capture_referral import capture_referral
from referral_blocks.flows.mature_rewards import resume_work
from referral_blocks.flows.request_login_link import request_login_link
from referral_blocks.people.models import Person
from referral_blocks.referrers.session import read_sign_in_token
from tests.mailbox import look_up
from tests.make import make_link, make_program, make_referral

pytestmark = pytest.mark.django_db


def send(kind: str) -> mail.EmailMultiAlternatives:
    services.send_email(email_id=Email.objects.get(kind=kind).pk)
    (message,) = mail.outbox
    return message


def html(message: mail.EmailMultiAlternatives) -> str:
    return message.alternatives[0].content


def test_the_welcome_mail_holds_link_qr_and_a_way_in_as_html_and_text():
    link = make_link(make_program(), email="ana@example.com", name="Ana Example")
    message = send("welcome")
    url = f"http://localhost/r/{link.code}/"
    assert message.to == ["ana@example.com"]
    assert url in message.body
    assert url in html(message)
    image = message.attachments[0].get_payload(decode=True)
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(image)).convert("L"))
    assert found.text == url
    assert "cid:qr" in html(message)
    token = message.body.split("/referrals/sign-in/")[1].split("/")[0]
    assert read_sign_in_token(token) == link.referrer


def test_the_referrer_hears_of_a_friend_by_first_name_only():
    program = make_program()
    make_referral(program, email="kim@example.com")
    message = send("friend_arrived")
    assert message.to == ["referrer@example.com"]
    for text in (message.subject + message.body, html(message)):
        assert "Kim" in text
        assert "kim@example.com" not in text


@pytest.mark.parametrize(
    ("locale", "lang"), [("", "en"), ("ar", "ar"), ("de-AT", "de"), ("xx", "en"), ("../etc", "en")]
)
def test_the_mail_says_its_language(locale, lang):
    make_link(make_program())
    Person.objects.update(locale=locale)
    direction = "rtl" if lang == "ar" else "ltr"
    assert f'<html lang="{lang}" dir="{direction}">' in html(send("welcome"))


def test_text_mail_is_not_escaped_as_if_it_were_html():
    make_link(make_program(name="Ben & Jo’s"), name="O'Neil & Sons")
    message = send("welcome")
    assert "Ben & Jo’s" in message.subject
    assert "Hello O'Neil" in message.body


def test_a_name_cannot_smuggle_markup_into_the_mail():
    make_link(make_program(name="<b>Neighbours</b>"), name="<script>alert(1)")
    text = html(send("welcome"))
    assert "<script>" not in text
    assert "<b>Neighbours" not in text


def test_a_mail_is_sent_once_however_often_its_task_runs():
    make_link(make_program())
    pk = Email.objects.get().pk
    assert [services.send_email(email_id=pk) for _ in range(3)] == [True, False, False]
    assert len(mail.outbox) == 1


def test_a_mail_server_that_fails_is_tried_again_with_the_same_message_id(monkeypatch):
    make_link(make_program())
    pk = Email.objects.get().pk
    ids = []

    def fail(self, fail_silently=False):
        ids.append(self.extra_headers["Message-ID"])
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(mail.EmailMultiAlternatives, "send", fail)
        with pytest.raises(ConnectionRefusedError):
            services.send_email(email_id=pk)
    assert Email.objects.get().sent_at is None
    assert resume_work() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert (resume_work(), resume_work()) == (1, 0)
        assert services.send_email(email_id=pk)
    assert [mail.outbox[0].extra_headers["Message-ID"]] == ids


def test_a_mail_that_is_being_sent_is_not_sent_by_another_worker(monkeypatch):
    make_link(make_program())
    pk, real, answers = Email.objects.get().pk, mail.EmailMultiAlternatives.send, []

    def send_while_sending(self, fail_silently=False):
        answers.append(services.send_email(email_id=pk))
        return real(self, fail_silently)

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send_while_sending)
    assert services.send_email(email_id=pk)
    assert (answers, len(mail.outbox)) == ([False], 1)


def test_a_mail_that_cannot_be_sent_is_given_up_loudly(monkeypatch, caplog):
    make_link(make_program())
    pk = Email.objects.get().pk

    def fail(self, fail_silently=False):
        raise ConnectionRefusedError

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", fail)
    for _ in range(services.MAX_TRIES):
        with pytest.raises(ConnectionRefusedError):
            services.send_email(email_id=pk)
    assert "is given up after 8 tries" in caplog.text
    assert services.send_email(email_id=pk) is False
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        assert resume_work() == 0


def test_no_more_than_ten_sign_in_mails_a_day():
    program = make_program()
    make_link(program, email="ana@example.com")
    start = timezone.now()
    for number in range(30):
        with time_machine.travel(start + timedelta(minutes=11 * number)):
            request_login_link(program=program, email="ana@example.com")
            assert look_up() == 1
    assert Email.objects.filter(kind="sign_in").count() == 10


def test_the_referrer_reads_what_the_friend_typed_and_not_who_the_friend_is_known_as():
    program = make_program()
    make_link(program, email="victim@example.com", name="Margarethe Example")
    link = make_link(program, email="ana@example.com")
    capture_referral(program=program, email="victim@example.com", name="Zed", accept_terms=True, code=link.code)
    message = send("friend_arrived")
    assert "Zed" in message.subject
    assert "Margarethe" not in message.subject + message.body + html(message)


def test_a_mail_whose_task_was_lost_is_found_again():
    make_link(make_program())
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert (resume_work(), resume_work()) == (1, 0)


def test_a_sign_in_link_goes_to_the_known_address_only_and_not_more_than_one_in_ten_minutes():
    program = make_program()
    make_link(program, email="ana@example.com")
    for address in ("ana@example.com", "ANA@example.com", "nobody@example.com"):
        request_login_link(program=program, email=address)
    assert look_up() == 3
    assert Email.objects.filter(kind="sign_in").count() == 1
    message = send("sign_in")
    assert (message.to, "/referrals/sign-in/" in message.body) == (["ana@example.com"], True)
