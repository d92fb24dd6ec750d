import pytest
from django.apps import apps

from referral_blocks.core.errors import DomainError
from referral_blocks.emails.models import Email
from referral_blocks.flows.import_codes import import_codes
from referral_blocks.flows.record_visit import record_visit
from referral_blocks.links.models import ReferralLink
from referral_blocks.referrers.models import Referrer
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
ROWS = [
    {"email": "ana@example.com", "name": "Ana", "code": "ana10"},
    {"email": "ben@example.com", "name": "Ben", "code": "ANA10"},
    {"email": "ben@", "name": "Ben", "code": "BEN10"},
    {"email": "ben@example.com", "name": "Ben", "code": "BEN 10"},
    {"email": "ANA@example.com", "name": "", "code": "ANA-OLD"},
    {"email": "ana@example.com", "name": "Ana", "code": "Ana10"},
    {"email": "cleo@example.com", "name": "C\x00", "code": "CLEO"},
    {},
    {"email": "dora@example.com", "name": "Dora", "code": "TAKEN"},
]
FIRST = ["added", "taken", "invalid_email", "invalid_character", "added", "repeated", "invalid_text",
         "invalid_character", "taken"]  # fmt: skip


@pytest.fixture
def program(db):
    program = make_program()
    link = make_link(program)
    ReferralLink.objects.create(referrer=link.referrer, code="TAKEN", is_primary=False)
    return program


def run(program, rows=ROWS, **given):
    report = import_codes(program=program, rows=rows, terms_accepted=True, **given)
    assert [row.number for row in report] == list(range(1, len(rows) + 1))
    return [row.code or row.result for row in report]


def counts():
    return {model: model.objects.count() for model in apps.get_app_config("referral_blocks").get_models()}


def test_every_row_is_reported_and_a_refused_one_keeps_none_back(program):
    mails = Email.objects.count()
    assert run(program) == FIRST
    ana = Referrer.objects.get(person__email="ana@example.com")
    links = ReferralLink.objects.filter(referrer=ana).order_by("pk").values_list("code", "is_primary")
    assert list(links) == [("ANA10", True), ("ANA-OLD", False)]
    assert Referrer.objects.count() == 2
    assert Email.objects.count() == mails
    assert record_visit(code="ana-old", site_id=program.site_id, ip_hash="").token


def test_the_report_says_in_words_what_is_wrong_and_where(program):
    refused = import_codes(program=program, rows=ROWS[1:3], terms_accepted=True)
    assert [(row.path, bool(row.message)) for row in refused if row.code] == [(("email",), True)]


def test_a_row_is_told_all_that_is_wrong_with_it(program):
    before = counts()
    row = {"email": "ana@", "name": "www.evil.example", "code": "no spaces"}
    (report,) = import_codes(program=program, rows=[row], terms_accepted=True)
    assert (report.code, report.path) == ("invalid_character", ("code",))
    assert report.message == (
        "A code has 1 to 40 letters from A to Z, digits, “-” and “_”. "
        "“ana@” is not an e-mail address. Check it for typing errors. "
        "Write the name alone, without an address or a link."
    )
    assert counts() == before


def test_a_dry_run_reports_the_same_and_writes_nothing(program):
    before = counts()
    assert run(program, dry_run=True) == FIRST
    assert counts() == before


def test_a_second_run_goes_on_where_the_first_broke_off(program):
    run(program, ROWS[:1])
    again = run(program)
    assert again == ["repeated", *FIRST[1:]]
    after = counts()
    run(program)
    assert counts() == after


def test_somebody_who_has_a_link_keeps_it_as_the_primary_one(program):
    run(program, [{"email": "referrer@example.com", "code": "ROBIN-OLD"}])
    assert list(ReferralLink.objects.filter(is_primary=True).values_list("code", flat=True)) != ["ROBIN-OLD"]
    assert not ReferralLink.objects.get(code="ROBIN-OLD").is_primary


def test_nobody_is_enrolled_whose_acceptance_nobody_vouches_for(program):
    before = counts()
    with pytest.raises(DomainError) as refused:
        import_codes(program=program, rows=ROWS, terms_accepted=False)
    assert (refused.value.code, refused.value.path, counts()) == ("terms_not_accepted", ("acceptTerms",), before)


def test_the_queries_of_a_row_do_not_grow(program, django_assert_max_num_queries):
    def rows(first, last):
        return [{"email": f"p{n}@example.com", "name": f"P {n}", "code": f"P-{n}"} for n in range(first, last)]

    run(program, rows(0, 20))
    with django_assert_max_num_queries(2 + 24) as few:
        run(program, rows(20, 21))
    with django_assert_max_num_queries(len(few) * 10):
        run(program, rows(21, 31))
