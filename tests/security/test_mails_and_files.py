"""Hostile text is text in mails and their headers, and no formula in the files that staff open in a spreadsheet."""

import csv
import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from openpyxl import load_workbook

import referral_blocks
from referral_blocks.emails.compose import ABOUT_REWARDS, FRIEND_ARRIVED, SIGN_IN, WELCOME, YOUR_DATA, compose
from referral_blocks.emails.models import Email
from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import Referral
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import SaleImport, SaleImportRow
from tests.make import make_link, make_program
from tests.security import payloads
from tests.security.world import make_world, plant

pytestmark = pytest.mark.django_db

TO_REFERRERS = (WELCOME, SIGN_IN, FRIEND_ARRIVED, YOUR_DATA)
FOLDER = Path(referral_blocks.__file__).parent / "templates" / "referral_blocks" / "emails"


def message(kind, referrer):
    subject_id = referrer.pk
    if kind == FRIEND_ARRIVED:
        subject_id = Referral.objects.filter(referrer=referrer).first().pk
    if kind == YOUR_DATA:
        subject_id = referrer.program.site_id
    if kind in ABOUT_REWARDS:
        reward = Reward.objects.filter(person=referrer.person).first()
        Reward.objects.filter(pk=reward.pk).update(state=ABOUT_REWARDS[kind])
        subject_id = reward.pk
    email = Email(kind=kind, person=referrer.person, subject_id=subject_id, key="x")
    email.pk = 1
    return compose(email)


def test_every_mail_is_looked_at():
    kinds = {file.name.removesuffix("_subject.txt") for file in FOLDER.glob("*_subject.txt")}
    assert kinds == {*TO_REFERRERS, *ABOUT_REWARDS}


@pytest.mark.parametrize("texts", payloads.ROUNDS.values(), ids=payloads.ROUNDS)
def test_mails(texts, reader):
    referrer = make_world()
    plant(texts)
    referrer.refresh_from_db()
    shown = 0
    for kind in (*TO_REFERRERS, *ABOUT_REWARDS):
        mail = message(kind, referrer)
        ((html, _type),) = mail.alternatives
        assert (kind, reader(html)) == (kind, [])
        assert "xss" not in html or "&lt;" in html or "javascript:" in html
        shown += "xss" in html + mail.body + mail.subject
        headers = mail.message()
        assert {name for name in headers if "xss" in name.lower()} == set()
        assert len(headers.get_all("To")) == 1
    assert shown >= 5


@pytest.mark.parametrize(
    "name", ["A\r\nBcc: all@example.com", "A\nBcc: all@example.com\n\n<script>", "A\x0bB\x85C\u2028D"]
)
def test_a_programmes_name_forges_no_header(name):
    referrer = make_link(make_program()).referrer
    Program.objects.update(name=name)
    Person.objects.update(name=name)
    referrer.refresh_from_db()
    for kind in TO_REFERRERS[:2]:
        mail = message(kind, referrer)
        assert mail.recipients() == ["referrer@example.com"]
        raw = mail.message()
        assert raw["Bcc"] is None
        assert len(mail.subject.splitlines()) == 1


@pytest.mark.parametrize("formula", payloads.FORMULAS)
def test_what_an_import_refused_is_no_formula(client, formula):
    make_world()
    SaleImportRow.objects.update(external_id=formula, message=formula, code=formula)
    client.force_login(User.objects.get(username="boss"))
    address = reverse("referral_imports:refused", args=[SaleImport.objects.get().pk])
    response = client.get(address)
    _head, *rows = csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline=""))
    cells = [cell for row in rows for cell in row]
    assert f"'{formula}" in cells
    assert [cell for cell in cells if cell and not cell[0].isalnum() and cell[0] not in "'“"] == []
    assert response["Content-Disposition"].startswith("attachment; filename=")


@pytest.mark.parametrize("formula", payloads.FORMULAS)
def test_the_report_is_no_formula(client, formula):
    make_world()
    Program.objects.update(name=formula)
    client.force_login(User.objects.get(username="boss"))
    address = reverse("referral_reports:funnel")
    answer = b"".join(client.get(address + "?export=csv").streaming_content).decode()
    assert f"'{formula}" in next(r for r in csv.reader(io.StringIO(answer, newline="")) if "xss" in r[0])
    book = load_workbook(io.BytesIO(b"".join(client.get(address + "?export=xlsx").streaming_content)))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert any(str(cell.value).startswith("'") and "xss()" in str(cell.value) for cell in cells)
