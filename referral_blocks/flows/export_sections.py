"""What stands in the file of a person's data: one section a kind of record, and what each of its entries is called.

Not in it: links of gift cards and codes of vouchers (whoever has them can use them; their pages show them), what would
tell about somebody else (a friend beyond the first name and the state that a referrer sees), staff's own notes, and the
evidence of checks, which speaks of both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.emails.models import Email
from referral_blocks.fraud.models import ReviewDecision, SignalSide
from referral_blocks.groups.models import Group, GroupMember
from referral_blocks.ledger.models import LedgerLine, PointsLot
from referral_blocks.links.models import ReferralLink, ShareEvent
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.models import Payout
from referral_blocks.people.models import Person, first_name
from referral_blocks.referrals.models import Referral, ReferralClaim
from referral_blocks.referrers.models import Referrer, SignIn
from referral_blocks.rewards.models import PendingReason, Reward
from referral_blocks.sales.models import Sale, SaleReversal

CHUNK = 1_000  # rows that are read at a time
Label = str | Promise
AMOUNT: Label = _("Amount in the smallest unit of its currency")
CURRENCY: Label = _("Currency")
PROGRAM: Label = _("Programme")
STATE: Label = _("State")
SINCE: Label = _("When")


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of ``query``, each with these ``columns``: name in the file, path in the model, and label. A column with
    choices is followed by the same in words, as ``…_label``."""

    name: str
    label: Label
    query: QuerySet[Any]
    columns: Sequence[tuple[str, str, Label]]
    words: dict[str, Any] = field(default_factory=dict)  # of columns: a function of the value

    def labels(self) -> dict[str, str]:
        return {name: str(label) for name, _path, label in self.columns}

    def rows(self) -> Iterator[dict[str, Any]]:
        choices = {name: self._choices(path) for name, path, _label in self.columns}
        found = self.query.values_list(*(path for _name, path, _label in self.columns))
        for values in found.iterator(chunk_size=CHUNK):
            row: dict[str, Any] = {}
            for (name, _path, _label), value in zip(self.columns, values, strict=True):
                row[name] = self.words[name](value) if name in self.words else value
                if choices[name]:
                    row[f"{name}_label"] = str(choices[name].get(value, value))
            yield row

    def _choices(self, path: str) -> dict[Any, Any]:
        model: Any = self.query.model
        *links, last = path.split("__")
        for link in links:
            model = model._meta.get_field(link).related_model
        names = {f.name: f for f in model._meta.concrete_fields}
        return dict(names[last].flatchoices) if last in names else {}


def sections(person: Person) -> list[Section]:
    """In the order in which they are read; each is one query."""
    return [*_identity(person), *_as_referrer(person), *_as_friend(person), *_money(person), *_contacts(person)]


def _identity(person: Person) -> Iterable[Section]:
    yield Section(
        "person", _("Who you are"), Person.objects.filter(pk=person.pk),
        [
            ("email", "email", _("E-mail address")), ("email_verified_at", "email_verified_at", _("Address verified")),
            ("name", "name", _("Name")), ("phone", "phone", _("Phone")), ("kind", "kind", _("Person or business")),
            ("country", "country", _("Country")), ("language", "locale", _("Language in which we write to you")),
            ("known_since", "created_at", _("Known since")),
        ],
    )  # fmt: skip


def _as_referrer(person: Person) -> Iterable[Section]:
    yield Section(
        "enrolments", _("Programmes that you have joined"),
        Referrer.objects.filter(person=person).order_by("pk"),
        [
            ("id", "public_id", _("Our number")), ("program", "program__name", PROGRAM),
            ("site", "program__site__hostname", _("Site")), ("joined_at", "joined_at", SINCE),
            ("terms_version", "terms_version__number", _("Version of the terms that you accepted")),
            ("friends_see_first_name", "greeting_consent", _("Friends are greeted with your first name")),
            ("on_leaderboard", "leaderboard_consent", _("Leaderboards show your name")),
        ],
    )  # fmt: skip
    links = ReferralLink.objects.filter(referrer__person=person).annotate(visit_count=Count("visits", distinct=True))
    yield Section(
        "links", _("Links and codes that you share"), links.order_by("pk"),
        [
            ("program", "referrer__program__name", PROGRAM), ("code", "code", _("Code")),
            ("greets_as", "greeting_name", _("Greets friends with")), ("created_at", "created_at", SINCE),
            ("expires_at", "expires_at", _("Ends")), ("visits", "visit_count", _("Visits, of whoever came")),
        ],
    )  # fmt: skip
    yield Section(
        "shares", _("How you passed them on"),
        ShareEvent.objects.filter(link__referrer__person=person).order_by("pk"),
        [("code", "link__code", _("Code")), ("channel", "channel", _("Through")), ("at", "created_at", SINCE)],
    )  # fmt: skip
    yield Section(
        "friends", _("Friends whom you brought, as far as you are told of them"),
        Referral.objects.filter(referrer__person=person).order_by("pk"),
        [
            ("program", "program__name", PROGRAM), ("first_name", "friend_name", _("First name")),
            ("stage", "stage", STATE), ("credited_at", "attributed_at", SINCE),
            ("qualified_at", "qualified_at", _("Became a customer")),
        ],
        {"first_name": first_name},
    )  # fmt: skip
    yield Section(
        "groups_opened", _("Groups that you opened"), Group.objects.filter(opener__person=person).order_by("pk"),
        [
            ("offer", "offer__title", _("Offer")), ("state", "state", STATE), ("opened_at", "created_at", SINCE),
            ("deadline", "deadline", _("Deadline")),
        ],
    )  # fmt: skip


def _as_friend(person: Person) -> Iterable[Section]:
    yield Section(
        "referrals", _("Where you came as a friend"), Referral.objects.filter(friend=person).order_by("pk"),
        [
            ("id", "public_id", _("Our number")), ("program", "program__name", PROGRAM),
            ("site", "program__site__hostname", _("Site")), ("name", "friend_name", _("Name that you gave")),
            ("answers", "answers", _("What you answered")), ("credited_at", "attributed_at", SINCE),
            ("credited_by", "attribution_method", _("How we knew who sent you")), ("stage", "stage", STATE),
            ("review", "review", _("Result of our checks")), ("risk_score", "risk_score", _("Score of our checks")),
            ("terms_version", "terms_version__number", _("Version of the terms that you accepted")),
            ("visited_at", "visited_at", _("Opened the link")),
            ("address_hash", "ip_hash", _("Hash of the network address, kept for some weeks")),
            ("qualified_at", "qualified_at", _("Became a customer")),
            ("new_customer", "is_new_customer", _("New as a customer")),
        ],
    )  # fmt: skip
    yield Section(
        "reviews", _("What was decided about you after our checks"),
        ReviewDecision.objects.filter(referral__friend=person).exclude(side=SignalSide.REFERRER).order_by("pk"),
        [
            ("program", "referral__program__name", PROGRAM), ("decision", "decision", _("Decision")),
            ("automatic", "automatic", _("By the score alone")), ("at", "created_at", SINCE),
        ],
    )  # fmt: skip
    yield Section(
        "claims", _("Whom you named as the one who told you"),
        ReferralClaim.objects.filter(friend=person).order_by("pk"),
        [
            ("program", "program__name", PROGRAM), ("named", "typed_name", _("Whom you named")),
            ("name", "friend_name", _("Name that you gave")), ("answers", "answers", _("What you answered")),
            ("state", "state", STATE), ("at", "created_at", SINCE),
        ],
    )  # fmt: skip
    yield Section(
        "purchases", _("What you bought"), Sale.objects.filter(referral__friend=person).order_by("pk"),
        [
            ("program", "program__name", PROGRAM), ("order", "external_id", _("Order number")),
            ("source", "source", _("Told to us by")), ("product", "product", _("Product")),
            ("amount_minor", "amount_minor", AMOUNT), ("currency", "currency", CURRENCY),
            ("at", "occurred_at", SINCE), ("reversed_minor", "reversed_minor", _("Of it paid back")),
            ("details", "metadata", _("What the shop told us besides")),
        ],
    )  # fmt: skip
    yield Section(
        "refunds", _("What was paid back, or disputed"),
        SaleReversal.objects.filter(sale__referral__friend=person).order_by("pk"),
        [
            ("order", "sale__external_id", _("Order number")), ("kind", "kind", _("What happened")),
            ("number", "external_id", _("Number")), ("amount_minor", "amount_minor", AMOUNT),
            ("currency", "sale__currency", CURRENCY), ("at", "occurred_at", SINCE),
        ],
    )  # fmt: skip
    yield Section(
        "group_places", _("Groups that you joined"),
        GroupMember.objects.filter(referral__friend=person).order_by("pk"),
        [
            ("offer", "offer__title", _("Offer")), ("place", "place", _("Place")), ("at", "joined_at", SINCE),
            ("bought_at", "bought_at", _("Bought")),
        ],
    )  # fmt: skip


def _money(person: Person) -> Iterable[Section]:
    yield Section(
        "rewards", _("Rewards"), Reward.objects.filter(person=person).order_by("pk"),
        [
            ("id", "public_id", _("Our number")), ("program", "program__name", PROGRAM),
            ("title", "title", _("Reward")), ("side", "side", _("As")), ("state", "state", STATE),
            ("amount_minor", "amount_minor", AMOUNT), ("currency", "currency", CURRENCY),
            ("taken_back_minor", "clawed_minor", _("Of it taken back")), ("earned_at", "created_at", SINCE),
            ("received_at", "issued_at", _("Received")), ("expires_at", "expires_at", _("Ends")),
        ],
    )  # fmt: skip
    yield Section(
        "rewards_wait_for", _("What rewards wait for"),
        PendingReason.objects.filter(reward__person=person).order_by("pk"),
        [
            ("reward", "reward__public_id", _("Our number of the reward")), ("reason", "reason", _("Reason")),
            ("until", "until", _("Until")),
        ],
    )  # fmt: skip
    yield Section(
        "payouts", _("Payouts"), Payout.objects.filter(person=person).order_by("pk"),
        [
            ("id", "public_id", _("Our number")), ("program", "program__name", PROGRAM),
            ("paid_by", "provider", _("Paid by")), ("amount_minor", "amount_minor", AMOUNT),
            ("currency", "currency", CURRENCY), ("state", "state", STATE), ("at", "created_at", SINCE),
            ("providers_number", "provider_ref", _("The provider’s number")),
        ],
    )  # fmt: skip
    yield Section(
        "payout_accounts", _("Where you are paid to"),
        PayoutAccount.objects.filter(person=person).order_by("pk"),
        [
            ("paid_by", "provider", _("Paid by")), ("providers_number", "reference", _("The provider’s number")),
            ("country", "country", _("Country")), ("state", "state", STATE), ("at", "created_at", SINCE),
        ],
    )  # fmt: skip
    yield Section(
        "points", _("Points"), PointsLot.objects.filter(person=person).order_by("pk"),
        [
            ("program", "program__name", PROGRAM), ("points", "points", _("Points")), ("left", "left", _("Left")),
            ("at", "created_at", SINCE), ("expires_at", "expires_at", _("Ends")),
        ],
    )  # fmt: skip
    yield Section(
        "ledger", _("Every posting about you in our books"),
        LedgerLine.objects.filter(person=person).order_by("pk"),
        [
            ("program", "entry__program__name", PROGRAM), ("kind", "entry__kind", _("What happened")),
            ("note", "entry__note", _("Note")), ("account", "account", _("Account")),
            ("amount_minor", "amount_minor", AMOUNT), ("currency", "currency", CURRENCY),
            ("at", "entry__created_at", SINCE),
        ],
    )  # fmt: skip


def _contacts(person: Person) -> Iterable[Section]:
    yield Section(
        "mails",
        _("Mails to you"),
        Email.objects.filter(person=person).order_by("pk"),
        [("kind", "kind", _("Mail")), ("asked_at", "created_at", SINCE), ("sent_at", "sent_at", _("Sent"))],
    )
    yield Section(
        "sign_ins", _("Browsers and apps in which you are signed in"),
        SignIn.objects.filter(referrer__person=person).order_by("pk"),
        [
            ("program", "referrer__program__name", PROGRAM), ("kind", "kind", _("Browser or app")),
            ("at", "created_at", SINCE), ("refreshed_at", "refreshed_at", _("Last used")),
            ("expires_at", "expires_at", _("Ends")), ("ended_at", "revoked_at", _("Signed out")),
        ],
    )  # fmt: skip
