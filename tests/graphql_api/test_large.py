"""A file of sales as large as the admin's form takes, and no other request of that size."""

import pytest
from django.test import Client

from graphql_api.large import MAX_LARGE
from graphql_api.operation import MAX_BODY
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.sales.models import SaleImport
from referral_blocks.sales.source import MAX_BYTES
from tests.graphql_api.ask import URL, codes, post
from tests.graphql_api.test_staff import make_staff, sign_in
from tests.make import make_program

pytestmark = pytest.mark.django_db

IMPORT = """mutation ($input: ImportSalesInput!) {
  importSales(input: $input) { saleImport { total } errors { code path } } }"""
HEADING = "external_id,friend_email,amount,product\n"
ROW = 'A-{0:06d},"kim{0:06d}@example.com",12.50,"{1}"\n'


def file_of(size):
    """A file of rows with quotes and line ends, which JSON writes longer."""
    row = len(ROW.format(0, "x" * 200))
    return HEADING + "".join(ROW.format(number, "x" * 200) for number in range(size // row - 1))


def key_with(*scopes):
    return create_api_key(site_id=make_program().site_id, name="Till", scopes=scopes)[1]


def send(client, content, *, query=IMPORT, bearer="", **headers):
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    given = {"program": "neighbours", "name": "May", "content": content}
    return post(client, {"query": query, "variables": {"input": given}}, **headers)


def test_a_key_imports_what_the_form_takes(client):
    content = file_of(MAX_BYTES)
    assert MAX_BYTES * 0.99 < len(content) <= MAX_BYTES
    reply = send(client, content, bearer=key_with(Scope.SALES_WRITE))
    rows = content.count("\n") - 1
    assert reply.json()["data"]["importSales"] == {"saleImport": {"total": rows}, "errors": []}
    assert SaleImport.objects.get().content == content


def test_a_larger_file_is_refused_in_the_form_s_words(client):
    reply = send(client, file_of(MAX_BYTES + 10_000), bearer=key_with(Scope.SALES_WRITE))
    assert reply.json()["data"]["importSales"]["errors"] == [{"code": "FILE_TOO_LARGE", "path": ["content"]}]
    assert not SaleImport.objects.exists()


def test_staff_import_as_in_the_admin():
    make_program()
    browser = Client(enforce_csrf_checks=True)
    headers = sign_in(browser, make_staff("add_saleimport"))
    assert send(browser, file_of(MAX_BODY * 2), **headers).json()["data"]["importSales"]["errors"] == []
    browser.logout()
    headers = sign_in(browser, make_staff("view_sale", username="lee"))
    assert send(browser, file_of(MAX_BODY * 2), **headers).status_code == 413


@pytest.mark.parametrize("scopes", [(), (Scope.SALES_READ, Scope.KEYS_WRITE)])
def test_nobody_else_sends_more_than_a_document_takes(client, scopes):
    bearer = key_with(*scopes) if scopes else ""
    reply = send(client, file_of(MAX_BODY * 2), bearer=bearer)
    assert (reply.status_code, codes(reply.json())) == (413, ["BAD_REQUEST"])
    assert not SaleImport.objects.exists()


def test_what_is_announced_as_too_large_is_not_read(client):
    bearer = key_with(Scope.SALES_WRITE)
    reply = client.generic(
        "POST", URL, b"{}", content_type="application/json", CONTENT_LENGTH=str(MAX_LARGE + 1),
        headers={"Authorization": f"Bearer {bearer}"},
    )  # fmt: skip
    assert reply.status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        "query ($input: ImportSalesInput) { server { __typename } }",
        "mutation ($input: ImportSalesInput!) { importSales(input: $input) { __typename } "
        "again: importSales(input: $input) { __typename } "
        'revokeApiKey(input: {id: "QXBpS2V5OjE="}) { __typename } }',
        'mutation ($input: ImportSalesInput!) { ...F revokeApiKey(input: {id: "QXBpS2V5OjE="}) { __typename } } '
        "fragment F on Mutation { importSales(input: $input) { __typename } }",
    ],
)
def test_a_large_request_holds_nothing_else(client, query):
    reply = send(client, file_of(MAX_BODY * 2), query=query, bearer=key_with(Scope.SALES_WRITE))
    assert codes(reply.json()) == ["BAD_REQUEST"]
    assert "data" not in reply.json()
    assert not SaleImport.objects.exists()


def test_the_file_stands_in_a_variable_and_not_in_the_document(client):
    query = 'mutation { importSales(input: {program: "neighbours", name: "May", content: """%s"""}) { __typename } }'
    headers = {"Authorization": f"Bearer {key_with(Scope.SALES_WRITE)}"}
    reply = post(client, {"query": query % ("x" * MAX_BODY)}, **headers)
    assert (reply.status_code, codes(reply.json())) == (413, ["BAD_REQUEST"])
    assert not SaleImport.objects.exists()
