"""The report “Referral funnel”: filter, chart, table, exports and who may see it."""

import csv
import io
import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from openpyxl import load_workbook

from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.record_visit import record_visit
from tests.make import make_program, make_referral

from .staff import staff_client

pytestmark = pytest.mark.django_db

URL = "referral_reports:funnel"


def story(**fields):
    """Four visits, one friend, one customer, £30 of rewards."""
    referral = make_referral(make_program(**fields))
    for _time in range(4):
        record_visit(code=referral.link.code, site_id=referral.program.site_id, ip_hash="")
    record_sale(
        program=referral.program, source="api", external_id="A-1", friend_email="friend@example.com",
        amount="99.00", currency="GBP",
    )  # fmt: skip
    return referral.program


def report(client=None, name=URL, **query):
    reader = client or staff_client("view_referral_report", username=f"reader{User.objects.count()}")
    return reader.get(reverse(name), query)


def exported(**query):
    content = b"".join(report(export="csv", **query).streaming_content).decode()
    return list(csv.DictReader(io.StringIO(content)))


def test_it_asks_for_its_right_and_stands_in_the_menu_of_those_who_have_it():
    make_program()
    stranger = staff_client("view_program")
    assert report(stranger).status_code == 403
    assert report(stranger, name="referral_reports:funnel_results").status_code == 403
    assert reverse(URL) not in stranger.get(reverse("wagtailadmin_home")).content.decode()
    reader = staff_client("view_referral_report", username="kai")
    assert report(reader).status_code == 200
    assert report(reader, name="referral_reports:funnel_results").status_code == 200
    assert reverse(URL) in reader.get(reverse("wagtailadmin_home")).content.decode()


def test_without_programmes_it_says_so():
    html = report().content.decode()
    assert "There is no programme yet." in html
    assert '<svg class="rb-funnel"' not in html


def test_chart_and_table_show_the_same_figures():
    story()
    html = report().content.decode()
    chart = html[html.index('<svg class="rb-funnel"') :]
    chart = chart[: chart.index("</svg>")]
    assert 'role="img"' in chart
    assert re.search(r"<desc[^>]*>Visits: 4, Friends: 1, Customers: 1, Rewarded: 0</desc>", chart)
    assert re.findall(r"(\w+) · (\d+)", chart) == [
        ("Visits", "4"), ("Friends", "1"), ("Customers", "1"), ("Rewarded", "0"),
    ]  # fmt: skip
    assert re.findall(r'class="rb-funnel__bar"[^>]*width="(\d+)"', chart) == ["360", "90", "90"]
    assert "style=" not in chart
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html[html.index("<tbody>") :], re.S)
    said = [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in cells]
    assert [" ".join(cell.split()) for cell in said] == [
        "Bring a neighbour", "4", "1 25% of visits", "1 100% of friends", "0 0% of customers",
        "100% 1 of 1 referrers", "£30.00", "£30.00",
    ]  # fmt: skip


def test_several_programmes_get_a_total():
    story()
    make_program(slug="second", name="Another")
    rows = exported()
    assert [row["Programme"] for row in rows] == ["Another", "Bring a neighbour", "All programmes"]
    assert [row["Visits"] for row in rows] == ["0", "4", "4"]


def test_the_export_holds_plain_figures():
    story()
    assert exported() == [
        {
            "Programme": "Bring a neighbour", "Referrers": "1", "Active referrers": "1",
            "Participation rate": "1.0000", "Visits": "4", "Friends": "1", "Customers": "1", "Rewarded": "0",
            "Friends per visit": "0.2500", "Customers per friend": "1.0000", "Reward cost": "30.00",
            "Reward cost per new customer": "30.00", "Currency": "GBP",
        }
    ]  # fmt: skip


def test_the_export_honours_the_filter():
    story()
    second = make_program(slug="second", name="Another")
    assert [row["Programme"] for row in exported(program=second.pk)] == ["Another"]
    assert [row["Visits"] for row in exported(first="2001-01-01", last="2001-12-31")] == ["0", "0", "0"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_csv_starts_a_formula(start):
    make_program(name=f"{start}cmd|'/c calc'!A1")
    assert exported()[0]["Programme"] == f"'{start}cmd|'/c calc'!A1"


def test_the_workbook_holds_text_and_numbers_and_no_formula():
    story(name="=1+1")
    sheet = load_workbook(io.BytesIO(b"".join(report(export="xlsx").streaming_content))).active
    head, row = sheet.iter_rows()
    assert [cell.value for cell in head][:2] == ["Programme", "Referrers"]
    assert (row[0].value, row[0].data_type) == ("'=1+1", "s")
    assert (row[1].value, row[1].data_type) == (1, "n")


@pytest.mark.parametrize(
    ("query", "field", "error"),
    [
        (
            {"first": "2026-02-01", "last": "2026-01-01"},
            "last",
            "“To” has to be the same day as “From” or later.",
        ),
        ({"first": "soon"}, "first", "Enter a valid date."),
        ({"first": "0001-01-01"}, "first", "Ensure this value is greater than or equal to 1970-01-01."),
        ({"last": "9999-12-31"}, "last", "Ensure this value is less than or equal to 2999-12-31."),
        ({"program": "999"}, "program", "Select a valid choice. That choice is not one of the available choices."),
    ],
)
def test_a_wrong_filter_is_explained_and_shows_no_figures(query, field, error):
    story()
    page = report(**query)
    assert page.status_code == 200
    assert page.context["form"].errors == {field: [error]}
    html = page.content.decode()
    assert error in html
    assert "Nothing to show until the filter is corrected." in html
    assert '<svg class="rb-funnel"' not in html
    assert exported(**query) == []


def test_the_export_links_keep_the_filter():
    story()
    html = report(first="2026-01-01").content.decode()
    assert "?first=2026-01-01&amp;export=csv" in html
    assert "?first=2026-01-01&amp;export=xlsx" in html
