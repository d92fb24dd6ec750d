"""Makes a programme's history of any size in the database itself: one INSERT … SELECT a table, over a counted row set.

Columns that nobody names here get their field's default, so that a model may grow a field without breaking this. Half
of the friends belong to one big referrer, the others to referrers with ten friends each; one friend in ten has bought.
"""

from __future__ import annotations

from django.db import connection, models
from django.utils import timezone

from referral_blocks.people.models import Person
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import current_terms
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer, ReferrerStanding
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale

FRIENDS, REFERRERS = 10_000_000, 50_000_000  # where their primary keys begin, far from those of real rows
BUYS = 10  # one friend in ten


def fill(model: type[models.Model], first: int, last: int, **columns: str) -> None:
    """Insert rows number ``first`` to ``last``; ``columns`` are SQL expressions over the row number ``n``."""
    names, values, given = [], [], []
    for field in model._meta.concrete_fields:
        if field.attname in columns:
            value = columns[field.attname]
        elif field.primary_key:
            continue
        elif isinstance(field, models.UUIDField):
            value = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
        else:
            now = isinstance(field, models.DateTimeField) and getattr(field, "auto_now_add", False)
            value = "%s"
            given.append(field.get_db_prep_save(timezone.now() if now else field.get_default(), connection))
        names.append(connection.ops.quote_name(str(field.column)))
        # PostgreSQL has to be told the type of a value in a SELECT; SQLite would make a number of a date.
        values.append(f"CAST(%s AS {field.db_type(connection)})" if value == "%s" and _postgres() else value)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE seq(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM seq WHERE n < {last}) "
            f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} FROM seq",
            given,
        )


def text(before: str, after: str = "") -> str:
    return f"'{before}' || CAST(n AS varchar(20)) || '{after}'"


def make_history(program: Program, big: Referrer, *, first: int, last: int) -> None:
    """Friends number ``first`` to ``last`` of the programme, with their people, referrers, sales and rewards."""
    terms, rule = current_terms(program=program).pk, program.reward_rules.order_by("pk").first()
    assert rule is not None
    when = f"'{timezone.now().isoformat(sep=' ')[:19]}'" + ("::timestamptz" if _postgres() else "")
    later = f"'{timezone.now().year + 1}-12-31 00:00:00'" + ("::timestamptz" if _postgres() else "")
    size, start = last - first + 1, first // 20
    _people(FRIENDS, "friend", first, last)
    referrers = (start, start + max(size // 20, 1) - 1)
    _people(REFERRERS, "referrer", *referrers)
    fill(
        Referrer, *referrers, id=f"{REFERRERS} + n", person_id=f"{REFERRERS} + n", program_id=str(program.pk),
        terms_version_id=str(terms),
    )  # fmt: skip
    fill(ReferrerStanding, *referrers, referrer_id=f"{REFERRERS} + n", friends="10", numbered="1", qualified="1")
    owner = f"CASE WHEN n %% 2 = 0 THEN {big.pk} ELSE {REFERRERS} + n / 20 END"
    fill(
        Referral, first, last, id=f"{FRIENDS} + n", program_id=str(program.pk), referrer_id=owner,
        friend_id=f"{FRIENDS} + n", terms_version_id=str(terms), attribution_method="'code'", credit_expires_at=later,
        stage=f"CASE WHEN n %% {BUYS} = 0 THEN 'qualified' ELSE 'captured' END",
        qualified_at=f"CASE WHEN n %% {BUYS} = 0 THEN {when} END",
        friend_number=f"CASE WHEN n %% {BUYS} = 0 THEN n / {BUYS} + 1 END",
        sale_count=f"CASE WHEN n %% {BUYS} = 0 THEN 1 ELSE 0 END",
    )  # fmt: skip
    bought = (first // BUYS + (first % BUYS > 0), last // BUYS)
    fill(
        Sale, *bought, id=f"{FRIENDS} + n", program_id=str(program.pk), referral_id=f"{FRIENDS} + n * {BUYS}",
        source="'history'", external_id=text("order-"), amount_minor="10000", currency="'GBP'", occurred_at=when,
    )  # fmt: skip
    fill(
        Reward, *bought, id=f"{FRIENDS} + n", rule_id=str(rule.pk), program_id=str(program.pk),
        person_id=str(big.person_id), referrer_id=str(big.pk), referral_id=f"{FRIENDS} + n * {BUYS}",
        sale_id=f"{FRIENDS} + n", trigger_key=text("history:"), side="'referrer'", title="'Gift'",
        amount_minor="2000", promised_minor="2000", currency="'GBP'", method="'manual'", state="'issued'",
    )  # fmt: skip
    ReferrerStanding.objects.update_or_create(
        referrer=big,
        defaults={"friends": last // 2, "qualified": last // BUYS, "numbered": last // BUYS + 1, "earned_minor": last},
    )


def _people(base: int, name: str, first: int, last: int) -> None:
    address = text(name, "@example.com")
    fill(Person, first, last, id=f"{base} + n", email=address, email_key=address, mailbox_key=address, name=text(name))


def _postgres() -> bool:
    return connection.vendor == "postgresql"


def settle() -> None:
    """Let the database learn what there is, as its own upkeep does in time."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if _postgres() else "ANALYZE")
