"""Somebody with rows in every table, the words that an erasure has to find there, and a look into every table."""

from collections.abc import Collection

from django.apps import apps
from django.db import connection, models
from django.utils import timezone
from django_q.models import Task

from referral_blocks.core.crypto import encrypt
from referral_blocks.flows.carry_out_erasure import carry_out_erasure
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.refer_by_name import refer_by_name
from referral_blocks.fraud.models import BlockedEntry, ReviewDecision, RiskSignal
from referral_blocks.groups.models import Group, GroupChange
from referral_blocks.links.models import Visit
from referral_blocks.payouts.account import PayoutAccount, PayoutDestination
from referral_blocks.payouts.models import Payout, PayoutAttempt, PayoutChange, PayoutReversal
from referral_blocks.payouts.providers.manual.models import Handover
from referral_blocks.payouts.providers.runa.models import GiftCard
from referral_blocks.people.models import Person, PersonErasure
from referral_blocks.referrals.models import ClaimChange, Referral, ReferralChange, ReferralClaim
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.tokens import open_app_session
from referral_blocks.rewards.models import Reward, RewardChange
from referral_blocks.sales.models import SaleImport, SaleImportRow
from referral_blocks.webhooks.models import ProviderEvent
from tests.make import make_link, make_program, make_referral
from tests.referral_blocks.flows.test_groups import make_offer
from tests.reversals import GIFT
from tests.security.personal import BY_VALUE, ERASED, WAYS

MARK = "zq7mark"
EMAIL = f"{MARK}@example.com"
PHONE = "+44 7700 900123"


def finish(person: Person) -> bool:
    return carry_out_erasure(erasure_id=PersonErasure.objects.get(person=person).pk)


def busy_person() -> Person:
    """Somebody with rows in every table that can hold a word of theirs: a referrer here, a friend there."""
    first = make_program(rules=(GIFT, {**GIFT, "side": "friend", "title": "Welcome"}))
    second = make_program(slug="second", name="Second", rules=())
    link = make_link(first, email=EMAIL, name=f"{MARK} Example")
    person = link.referrer.person
    make_referral(first, email="other@example.com", link=link)
    record_sale(
        program=first, source="api", external_id="o-1", friend_email="other@example.com", amount="10", currency="GBP",
        metadata={"till": "3"},
    )  # fmt: skip
    mine = make_referral(second, email=EMAIL, link=make_link(second, email="robin@example.com"))
    record_sale(
        program=second, source="api", external_id="o-2", friend_email=EMAIL, amount="10", currency="GBP",
        metadata={"buyer": MARK},
    )  # fmt: skip
    open_app_session(referrer=link.referrer)
    third = make_program(slug="third", name="Third", rules=())
    refer_by_name(program=third, email=EMAIL, name=MARK, referrer_name="Alex", accept_terms=True)
    refer_by_name(program=third, email="fan@example.com", name="Fan", referrer_name=EMAIL, accept_terms=True)
    Visit.objects.create(link=link, program=first, ip_hash="x")
    Visit.objects.create(link=mine.link, program=second, ip_hash=MARK)
    Referral.objects.filter(pk=mine.pk).update(ip_hash=MARK)
    _money(person, first)
    _words(person, mine)
    return person


def _money(person, program):
    account = PayoutAccount.objects.create(person=person, provider="x", reference=MARK)
    PayoutDestination.objects.create(account=account, key="k")
    paid = Payout.objects.create(
        person=person, program=program, provider="x", amount_minor=1, currency="GBP", state="cancelled"
    )
    PayoutAttempt.objects.create(payout=paid, provider="x", number=1, request={}, outcome="failed_final")
    PayoutChange.objects.create(subject=paid, field="state", from_state="", to_state="", reason="")
    PayoutReversal.objects.create(payout=paid, amount_minor=1, outcome="failed_final")
    GiftCard.objects.create(
        payout=paid, order_ref="r", link=encrypt("https://card.example"), first_shown_at=timezone.now()
    )
    Handover.objects.create(payout=paid, idempotency_key="h", title="Mug")
    ProviderEvent.objects.create(provider="x", event_id="e", kind="k", account=MARK)


def _words(person, referral):
    claim = ReferralClaim.objects.get(friend=person)
    ClaimChange.objects.create(subject=claim, field="state", from_state="", to_state="", reason="")
    ReferralChange.objects.create(subject=referral, field="stage", from_state="", to_state="", reason="")
    RiskSignal.objects.create(referral=referral, check_name="c", severity="low", score=1, evidence="-", occasion="c")
    ReviewDecision.objects.create(referral=referral, side="both", decision="approve", reason="-")
    theirs = Reward.objects.filter(person=person).earliest("pk")
    RewardChange.objects.create(subject=theirs, field="state", from_state="", to_state="", reason="")
    group = Group.objects.create(
        offer=make_offer(theirs.program), opener=Referrer.objects.get(person=person), size=2, deadline=timezone.now()
    )
    GroupChange.objects.create(subject=group, field="state", from_state="", to_state="", reason="")
    BlockedEntry.objects.create(site=theirs.program.site, kind="email", value=EMAIL, note=MARK)
    file = SaleImport.objects.create(
        program=theirs.program, source="csv", name="till.csv", content=f"x,{EMAIL}\n", state="done"
    )
    SaleImportRow.objects.create(
        sale_import=file, number=2, outcome="refused", external_id=EMAIL, message=f"“{EMAIL}” is unknown."
    )
    Task.objects.create(
        id="t",
        name="t",
        func="f",
        success=False,
        result=f"550 <{EMAIL}>",
        started=timezone.now(),
        stopped=timezone.now(),
    )


def plant(person: Person, text: str, *, only: Collection[str] = ERASED) -> set[str]:
    """Write ``text`` into every erased column of the person's rows, or some of them; which columns those were."""
    planted = set()
    for name in sorted(only):
        table, column = name.split(".")
        if table in BY_VALUE or name in KEYS:
            continue
        model = apps.get_model("referral_blocks", table)
        way = models.Q()
        for path in WAYS[table]:
            way |= models.Q(**{path: person.pk})
        field = model._meta.get_field(column)
        for row in model._base_manager.filter(way).order_by("pk"):
            if isinstance(field, models.JSONField):
                value = {text: text}
            elif isinstance(field, models.BinaryField):
                value = text.encode()
            else:
                value = f"{text}{row.pk}"[: field.max_length or None]
            model._base_manager.filter(pk=row.pk).update(**{column: value})
            planted.add(name)
    return planted


# The person is found by these, or they are two letters: the address itself is the mark in them.
KEYS = {
    "Person.email", "Person.email_key", "Person.mailbox_key", "Person.phone", "Person.phone_key", "Person.country",
    "PayoutAccount.reference", "PayoutAccount.country", "Visit.ip_hash", "Referral.ip_hash",
}  # fmt: skip


def everywhere(word: str) -> dict[str, int]:
    """``table.column`` → in how many rows of the database the word stands, whoever's table it is."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                quoted = f"{connection.ops.quote_name(table)}", connection.ops.quote_name(column.name)
                sql = f"SELECT count(*) FROM {quoted[0]} WHERE lower(CAST({quoted[1]} AS text)) LIKE %s"
                cursor.execute(sql, [f"%{word.lower()}%"])
                if count := cursor.fetchone()[0]:
                    found[f"{table}.{column.name}"] = count
    return found
