import pytest
from strawberry import relay

from graphql_api.records.sale_lists import ImportOutcome, ImportState
from referral_blocks.access.models import Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.import_sales import run_import
from referral_blocks.sales import models
from referral_blocks.sales.models import Sale, SaleImport
from tests.graphql_api.ask import ask, codes, data
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

IMPORT = """mutation ($input: ImportSalesInput!) { importSales(input: $input) {
  saleImport { id state dryRun total done } errors { code path } } }"""
CONFIRM = """mutation ($input: ConfirmImportInput!) { confirmImport(input: $input) {
  saleImport { id state dryRun } alreadyConfirmed errors { code path } } }"""
PROGRESS = """query ($id: ID!) { server { saleImport(id: $id) {
  state dryRun total done recorded repeated refused agent
  rows { edges { node { number externalId outcome code } } } } } }"""
ROW = "A-1,friend@example.com,100\n"
FILE = f"external_id,friend_email,amount\n{ROW}{ROW}A-2,nobody@example.com,5\n"


@pytest.fixture
def program():
    return make_referral(make_program()).program


@pytest.fixture
def key(program):
    return create_api_key(site_id=program.site_id, name="Shop", scopes=[Scope.SALES_WRITE, Scope.SALES_READ])


def send(client, key, **given):
    given = {"program": "neighbours", "name": "may.csv", "content": FILE, **given}
    return data(client, IMPORT, {"input": given}, bearer=key[1])["importSales"]


def progress(client, key, import_id):
    return data(client, PROGRESS, {"id": import_id}, bearer=key[1])["server"]["saleImport"]


def test_a_dry_run_then_the_real_one_and_how_far_they_are(client, key):
    sent = send(client, key)
    import_id = sent["saleImport"]["id"]
    assert sent == {
        "saleImport": {"id": import_id, "state": "READY", "dryRun": True, "total": 3, "done": 0},
        "errors": [],
    }
    confirm = {"input": {"id": import_id}}
    early = data(client, CONFIRM, confirm, bearer=key[1])["confirmImport"]
    assert (early["saleImport"], early["errors"]) == (None, [{"code": "WRONG_STATE", "path": []}])
    run_import(import_id=SaleImport.objects.get().pk)
    rows = [
        {"number": 2, "externalId": "A-1", "outcome": "RECORDED", "code": ""},
        {"number": 3, "externalId": "A-1", "outcome": "REPEATED", "code": ""},
        {"number": 4, "externalId": "A-2", "outcome": "REFUSED", "code": "no_referral"},
    ]
    assert progress(client, key, import_id) == {
        "state": "DONE", "dryRun": True, "total": 3, "done": 3, "recorded": 1, "repeated": 1, "refused": 1,
        "agent": f"Shop ({key[0].prefix}…)", "rows": {"edges": [{"node": row} for row in rows]},
    }  # fmt: skip
    assert not Sale.objects.exists()
    done = data(client, CONFIRM, confirm, bearer=key[1])["confirmImport"]
    assert (done["saleImport"]["dryRun"], done["alreadyConfirmed"], done["errors"]) == (False, False, [])
    assert data(client, CONFIRM, confirm, bearer=key[1])["confirmImport"]["alreadyConfirmed"] is True
    run_import(import_id=SaleImport.objects.get().pk)
    assert progress(client, key, import_id)["recorded"] == 1
    assert Sale.objects.get().external_id == "A-1"


def test_without_a_dry_run_the_sales_are_recorded_at_once(client, key):
    sent = send(client, key, dryRun=False)
    assert sent["saleImport"]["dryRun"] is False
    run_import(import_id=SaleImport.objects.get().pk)
    assert (Sale.objects.get().external_id, SaleImport.objects.get().content) == ("A-1", "")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"content": "external_id,friend_email,amount\n"}, {"code": "EMPTY_FILE", "path": ["content"]}),
        ({"content": "a,b\n1,2\n"}, {"code": "MISSING_COLUMNS", "path": ["content"]}),
        ({"source": "xml"}, {"code": "UNKNOWN_SOURCE", "path": ["source"]}),
        ({"program": "unknown"}, {"code": "NOT_FOUND", "path": ["program"]}),
    ],
)
def test_a_file_that_cannot_be_read_is_not_kept(client, key, given, error):
    assert send(client, key, **given) == {"saleImport": None, "errors": [error]}
    assert not SaleImport.objects.exists()


def test_without_the_scope_nothing_is_kept(client, program):
    scopes = [scope for scope in Scope.values if scope != "sales:write"]
    text = create_api_key(site_id=program.site_id, name="Shop", scopes=scopes)[1]
    given = {"input": {"program": "neighbours", "name": "may.csv", "content": FILE}}
    assert codes(ask(client, IMPORT, given)) == ["UNAUTHENTICATED"]
    assert codes(ask(client, IMPORT, given, bearer=text)) == ["FORBIDDEN"]
    given = {"input": {"id": relay.to_base64("SaleImport", "1")}}
    assert codes(ask(client, CONFIRM, given, bearer=text)) == ["FORBIDDEN"]
    assert not SaleImport.objects.exists()


def test_enums_show_every_stored_value():
    for shown, stored in ((ImportState, models.ImportState), (ImportOutcome, models.RowOutcome)):
        assert {member.name: member.value for member in shown} == {member.name: member.value for member in stored}
