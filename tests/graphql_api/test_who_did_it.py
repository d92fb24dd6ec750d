"""Whoever records, reverses, imports or revokes – by a page of the admin, as staff through the API, with a key – is
named in the row that it leaves."""

import pytest
from django.test import Client
from django.urls import reverse
from strawberry import relay

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key
from referral_blocks.flows.import_sales import run_import
from referral_blocks.programs.models import Program
from referral_blocks.referrals.models import ReferralChange
from referral_blocks.sales.models import Sale, SaleImport, SaleReversal
from tests.graphql_api.ask import data
from tests.graphql_api.test_staff import make_staff, sign_in
from tests.make import make_program, make_referral

pytestmark = pytest.mark.django_db

RECORD = "mutation ($input: RecordSaleInput!) { recordSale(input: $input) { sale { agent } errors { code } } }"
REVERSE = """mutation ($input: ReverseSaleInput!) { reverseSale(input: $input) { sale { id } errors { code } } }"""
CONFIRM = "mutation ($input: ConfirmImportInput!) { confirmImport(input: $input) { errors { code } } }"
IMPORT = """mutation ($input: ImportSalesInput!) { importSales(input: $input) {
  saleImport { id } errors { code } } }"""
REVOKE = "mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { errors { code } } }"
RIGHTS = ("add_sale", "add_salereversal", "add_saleimport", "change_apikey", "view_sale")
BOUGHT = {"program": "neighbours", "externalId": "A-1", "friendEmail": "friend@example.com", "amount": "149.00"}
BACK = {"program": "neighbours", "externalId": "A-1", "reversalId": "R-1", "kind": "REFUND"}
FILE = "external_id,friend_email,amount\nA-1,friend@example.com,149.00\n"


class Admin:
    """A member of staff at the pages of the admin; what they do is theirs alone."""

    def __init__(self):
        self.user, self.agent, self.client = make_staff(*RIGHTS, username="page"), "", Client()
        self.client.force_login(self.user)

    def _post(self, url, **given):
        assert self.client.post(url, given).status_code == 302

    def record(self):
        form = {"order_number": "A-1", "friend_email": "friend@example.com", "amount": "149.00"}
        self._post(reverse("referral_sales:record"), program=Program.objects.get().pk, currency="", sold_at="", **form)

    def reverse(self):
        url = reverse("referral_sales:reverse", args=[Sale.objects.get().pk])
        self._post(url, kind="refund", reversal_number="R-1", amount="", reversed_at="")

    def confirm(self, sale_import):
        self._post(reverse("referral_imports:confirm", args=[sale_import.pk]))

    def revoke(self, key):
        self._post(reverse("referral_api_keys:revoke", args=[key.pk]))


class Api:
    """A caller of the API."""

    def __init__(self, client, user=None, agent="", **headers):
        self.client, self.user, self.agent, self.headers = client, user, agent, headers

    def send(self, query, given):
        ((_name, answer),) = data(self.client, query, {"input": given}, **self.headers).items()
        assert answer["errors"] == []
        return answer

    def record(self):
        assert self.send(RECORD, {**BOUGHT, "currency": "GBP"})["sale"] == {"agent": self.agent}

    def reverse(self):
        self.send(REVERSE, BACK)

    def confirm(self, sale_import):
        self.send(CONFIRM, {"id": relay.to_base64("SaleImport", sale_import.public_id)})

    def revoke(self, key):
        self.send(REVOKE, {"id": relay.to_base64("ApiKey", key.pk)})


def with_key(program, name="Till"):
    scopes = [Scope.SALES_READ, Scope.SALES_WRITE, Scope.KEYS_WRITE]
    key, text = create_api_key(site_id=program.site_id, name=name, scopes=scopes)
    return Api(Client(), agent=key.agent_name, bearer=text)


@pytest.fixture
def program():
    return make_referral(make_program()).program


@pytest.fixture(params=["page", "session", "key"])
def caller(request, program):
    if request.param == "page":
        return Admin()
    if request.param == "key":
        return with_key(program)
    browser, user = Client(enforce_csrf_checks=True), make_staff(*RIGHTS)
    return Api(browser, user=user, **sign_in(browser, user))


def by(row):
    return row.recorded_by, row.agent


def test_a_sale_and_its_reversal_name_who_recorded_them_and_so_does_what_became_of_the_friend(caller):
    caller.record()
    assert by(Sale.objects.get()) == (caller.user, caller.agent)
    caller.reverse()
    assert by(SaleReversal.objects.get()) == (caller.user, caller.agent)
    steps = ReferralChange.objects.filter(field="stage").order_by("pk")
    assert [(step.to_state, step.actor, step.agent) for step in steps] == [
        ("qualified", caller.user, caller.agent),
        ("retracted", caller.user, caller.agent),
    ]


def test_a_second_delivery_leaves_the_first_name(program):
    with_key(program, "Till").record()
    again = data(
        Client(), RECORD, {"input": {**BOUGHT, "currency": "GBP"}}, bearer=with_key(program, "Shop").headers["bearer"]
    )
    first = ApiKey.objects.get(name="Till").agent_name
    assert again["recordSale"] == {"sale": {"agent": first}, "errors": []}
    assert by(Sale.objects.get()) == (None, first)


def test_sales_of_a_file_name_who_confirmed_it_and_not_who_sent_it(program, caller):
    with_key(program, "Books").send(IMPORT, {"program": "neighbours", "name": "may.csv", "content": FILE})
    sale_import = SaleImport.objects.get()
    run_import(import_id=sale_import.pk)
    assert not Sale.objects.exists()
    caller.confirm(sale_import)
    sale_import.refresh_from_db()
    assert (sale_import.confirmed_by, sale_import.confirmed_agent) == (caller.user, caller.agent)
    run_import(import_id=sale_import.pk)
    assert by(Sale.objects.get()) == (caller.user, caller.agent)
    step = ReferralChange.objects.get(to_state="qualified")
    assert (step.actor, step.agent) == (caller.user, caller.agent)


def test_sales_of_a_file_that_nobody_tried_first_name_who_sent_it(program):
    shop = with_key(program, "Books")
    shop.send(IMPORT, {"program": "neighbours", "name": "may.csv", "content": FILE, "dryRun": False})
    run_import(import_id=SaleImport.objects.get().pk)
    assert by(Sale.objects.get()) == (None, shop.agent)


def test_a_revoked_key_says_who_revoked_it_first(program, caller):
    key = create_api_key(site_id=program.site_id, name="Lost", scopes=[Scope.SALES_WRITE])[0]
    caller.revoke(key)
    key.refresh_from_db()
    assert (key.revoked_by, key.revoked_agent) == (caller.user, caller.agent)
    with_key(program, "Late").revoke(key)
    key.refresh_from_db()
    assert (key.revoked_by, key.revoked_agent) == (caller.user, caller.agent)


def test_the_admin_shows_who_recorded_it(program):
    till, admin = with_key(program), Admin()
    till.record()
    admin.reverse()
    page = admin.client.get(reverse("referral_sales:inspect", args=[Sale.objects.get().pk]))
    facts = dict(page.context["facts"])
    assert facts["Recorded by"] == till.agent
    reversals = page.context["tables"][1]
    assert [reversals.columns["recorder"].get_value(row) for row in reversals.data] == ["page"]
