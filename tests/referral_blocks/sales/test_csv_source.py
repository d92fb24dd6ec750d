"""What the CSV source makes of files as tills and spreadsheets write them."""

from datetime import UTC, datetime

import pytest

from referral_blocks.core.errors import InvalidInput
from referral_blocks.sales.source import RowRefusal, SaleRow
from referral_blocks.sales.sources.csv import source as csv_source
from referral_blocks.sales.sources.csv.source import CsvSource

HEAD = "external_id,friend_email,amount"


def rows(text: str | bytes):
    data = text.encode() if isinstance(text, str) else text
    source = CsvSource()
    return list(source.rows(source.text(data)))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_way_to_write_a_table_gives_the_same_row(mark, bom, end):
    text = end.join([HEAD.replace(",", mark), mark.join(["A-1", "kim@example.com", "149.00"]), ""])
    assert rows(bom + text.encode()) == [SaleRow(2, "A-1", "kim@example.com", "149.00")]


def test_headings_come_in_any_order_and_case_and_meta_columns_are_kept():
    text = "Amount, Friend E-Mail ,External-ID,meta_Till,Currency,Product,Occurred at\n".replace("E-Mail", "email")
    assert rows(text + '5,kim@example.com,A-1,North,gbp,"Soap, green",2026-11-21 14:30\n') == [
        SaleRow(
            2, "A-1", "kim@example.com", "5", "gbp", datetime(2026, 11, 21, 14, 30), "Soap, green", {"till": "North"}
        )
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21", datetime(2026, 11, 21)),
        ("2026-11-21T14:30:05Z", datetime(2026, 11, 21, 14, 30, 5, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_date_may_have_a_time(text, moment):
    assert rows(f"{HEAD},occurred_at\nA-1,kim@example.com,5,{text}")[0].occurred_at == moment


@pytest.mark.parametrize("text", ["yesterday", "21.11.2026", "2026-02-30", "0001-01-01", "9999-12-31T23:59-14:00"])
def test_what_is_no_date_is_refused_with_its_order_number(text):
    (refusal,) = rows(f"{HEAD},occurred_at\nA-1,kim@example.com,5,{text}")
    assert (refusal.number, refusal.code, refusal.path, refusal.external_id) == (
        2, "invalid_date", ("occurredAt",), "A-1",
    )  # fmt: skip


def test_a_broken_row_spoils_itself_only_and_blank_lines_are_passed_over():
    text = f'{HEAD}\n"A-1,kim@example.com,5\n\n"A"-2,kim@example.com,5\n,,\nA-3,kim@example.com\nA-4,kim@example.com,5'
    found = [(r.number, r.code if isinstance(r, RowRefusal) else r.external_id) for r in rows(text)]
    assert found == [(2, "broken_quotes"), (4, "broken_quotes"), (6, "wrong_columns"), (7, "A-4")]


def test_cells_that_look_like_formulas_are_text():
    assert rows(f"{HEAD}\n=1+1,@kim,-5") == [SaleRow(2, "=1+1", "@kim", "-5")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "missing_columns"),
        (b"\n\n", "missing_columns"),
        (b"external_id,amount\nA-1,5", "missing_columns"),
        (f"{HEAD},Amount\n".encode(), "double_columns"),
        (f"{HEAD},occured_at\n".encode(), "unknown_columns"),
        (f"{HEAD},meta_\n".encode(), "unknown_columns"),
        (HEAD.encode("utf-16"), "invalid_file"),
        (f"{HEAD}\nA\x00,b,1".encode(), "invalid_file"),
        (f"{HEAD}\nÄ,b,1".encode("latin-1"), "invalid_file"),
        (b"x" * (5 * 1024 * 1024 + 1), "file_too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once(data, code):
    with pytest.raises(InvalidInput) as refused:
        rows(data)
    assert (refused.value.code, refused.value.path) == (code, ("file",))


def test_the_refusal_names_what_is_missing():
    with pytest.raises(InvalidInput) as refused:
        rows("external_id,price\n")
    assert str(refused.value) == (
        "The heading lacks: friend_email, amount. Needed are external_id, friend_email, amount; "
        "currency, occurred_at, product may be added."
    )


def test_fifty_thousand_rows_are_read_and_one_more_is_refused():
    line = "A,kim@example.com,5\n"
    assert len(rows(HEAD + "\n" + line * csv_source.MAX_ROWS)) == 50_000
    with pytest.raises(InvalidInput) as refused:
        rows(HEAD + "\n" + line * (csv_source.MAX_ROWS + 1))
    assert refused.value.code == "too_many_rows"
