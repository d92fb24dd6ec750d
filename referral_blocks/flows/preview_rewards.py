"""A dry run: which rules would fire for something that has not happened, which would not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.core.errors import InvalidInput, NotFound
from referral_blocks.core.money import Money, parse_amount
from referral_blocks.core.text import clean_email
from referral_blocks.payouts.selectors import needs_details
from referral_blocks.people.models import Person
from referral_blocks.people.services import email_key
from referral_blocks.programs.models import Program
from referral_blocks.programs.services import on_its_clock
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrals.services import CLOSED
from referral_blocks.referrers.models import Referrer, ReferrerStanding
from referral_blocks.rewards.engine import Verdict, judge_all
from referral_blocks.rewards.models import Reason, Side, Trigger
from referral_blocks.rewards.outlook import Outlook, Wait, had_enough
from referral_blocks.rewards.rule import FriendFacts, Happening, SaleFacts

from .earn_rewards import blocked_sides, counts_for_referrer, flagged_sides, friend_facts, standing_friends


@dataclass(frozen=True, slots=True)
class SaleInput:
    """A sale in plain values, as ``record_sale`` takes them; ``number`` counts when no friend is named."""

    amount: str
    currency: str = ""
    product: str = ""
    metadata: Mapping[str, str] | None = None
    number: int = 1


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What one rule would do. ``amount`` is None when nothing would be promised; ``because`` holds sentences."""

    rule_id: int
    title: str
    side: str
    fires: bool
    amount: Money | None
    because: tuple[str, ...]
    waits: tuple[Wait, ...] = ()

    @property
    def amount_text(self) -> str:
        return self.amount.format() if self.amount else ""


@dataclass(frozen=True, slots=True)
class _People:
    referral: Referral | None = None
    referrer: Referrer | None = None
    friend: Person | None = None


def preview_rewards(
    *,
    program: Program,
    sale: SaleInput | None = None,
    trigger: str = Trigger.SALE,
    friend: FriendFacts | None = None,
    friend_email: str = "",
    referrer: Referrer | None = None,
    rank: int = 1,
    at: datetime | None = None,
) -> list[RulePreview]:
    """One preview a rule, in the rules' order; judged by the code that judges the real thing, and nothing is written.

    ``friend_email`` names a friend of this programme, whose own facts then count instead of ``friend``; ``referrer``
    says whose caps count where no friend does. What the fraud checks would say of the sale itself is not foreseen; what
    they have said of the friend is. Raises InvalidInput (paths ``sale``, ``amount``, ``currency``,
    ``trigger``, ``friendEmail``) and NotFound for nobody's friend.
    """
    if trigger not in Trigger.values:
        known = ", ".join(Trigger.values)
        raise InvalidInput(
            gettext_lazy("Choose one of: %(known)s.") % {"known": known}, code="unknown_choice", path=("trigger",)
        )
    if trigger == Trigger.SALE and sale is None:
        raise InvalidInput(gettext_lazy("Give a sale to try."), code="required", path=("sale",))
    people = _people(program, friend_email, referrer)
    when = on_its_clock(program=program, at=at) or timezone.now()
    happening = Happening(
        trigger=trigger,
        at=when,
        friend=_friend_facts(trigger, people, friend or FriendFacts(), when),
        sale=_sale_facts(program, sale, people.referral) if trigger == Trigger.SALE and sale else None,
        rank=rank,
    )
    outlook = Outlook(program, people.referrer.pk if people.referrer else None)
    refusal = _refusal(people, trigger, when)
    return [_preview(verdict, people, outlook, refusal) for verdict in judge_all(program=program, happening=happening)]


def _preview(verdict: Verdict, people: _People, outlook: Outlook, refusal: str) -> RulePreview:
    rule, amount = verdict.rule, verdict.amount
    shown = RulePreview(rule.pk, rule.title, rule.side, False, None, verdict.because)
    if amount is None:
        return shown
    if refusal:
        return replace(shown, because=(refusal,))
    if people.referral is not None and rule.side in blocked_sides(people.referral):
        return replace(shown, because=(_("This side was reviewed and blocked: it earns nothing."),))
    person = people.friend
    if rule.side == Side.REFERRER:
        person = people.referrer.person if people.referrer else None
    if had_enough(rule=rule, person=person):
        most = _("This person has had the most that the rule gives: %(count)d.") % {"count": rule.limit_per_person}
        return replace(shown, because=(most,))
    flagged = people.referral is not None and rule.side in flagged_sides(people.referral)
    waits = outlook.waits(rule=rule, amount=amount, flagged=flagged)
    if person is not None and needs_details(person_id=person.pk, provider=rule.method):
        waits = (*waits, Wait(Reason.PAYOUT_DETAILS))
    return replace(shown, fires=True, amount=amount, waits=waits)


def _refusal(people: _People, trigger: str, at: datetime) -> str:
    """Why a first sale would be refused, such as after the credit window; empty for a friend who is a customer and may
    come again at any time."""
    referral = people.referral
    if referral is None or trigger != Trigger.SALE or referral.stage == Stage.QUALIFIED:
        return ""
    if referral.stage in CLOSED:
        return _("This friend is not in the programme any more: the sale would be refused.")
    if at > referral.credit_expires_at:
        return _("The friend’s time to buy is over: the sale would be refused.")
    return ""


def _people(program: Program, friend_email: str, referrer: Referrer | None) -> _People:
    if referrer is not None and referrer.program_id != program.pk:
        raise NotFound(gettext_lazy("There is no such referrer in this programme."), path=("referrer",))
    if not friend_email:
        return _People(referrer=referrer)
    key = email_key(clean_email(friend_email, path=("friendEmail",)))
    referral = (
        Referral.objects.select_related("referrer__person", "friend")
        .filter(program=program, friend__email_key=key)
        .first()
    )
    if referral is None:
        raise NotFound(
            gettext_lazy("Nobody with this e-mail address was referred in this programme."),
            code="no_referral",
            path=("friendEmail",),
        )
    return _People(referral, referral.referrer, referral.friend)


def _friend_facts(trigger: str, people: _People, given: FriendFacts, at: datetime) -> FriendFacts:
    """A friend who buys for the first time gets the next number of the referrer's friends; so it is foreseen."""
    if people.referral is None:
        return given
    facts = friend_facts(people.referral)
    if trigger == Trigger.SIGN_UP:
        return facts
    more = int(people.referral.stage != Stage.QUALIFIED and counts_for_referrer(people.referral))
    facts = replace(facts, standing=standing_friends(people.referral.referrer_id) + more)
    if people.referral.friend_number is not None or not counts_for_referrer(people.referral):
        return facts
    numbered = ReferrerStanding.objects.filter(referrer=people.referrer).values_list("numbered", flat=True).first() or 0
    return replace(facts, number=numbered + 1, qualified_at=at)


def _sale_facts(program: Program, sale: SaleInput, referral: Referral | None) -> SaleFacts:
    money = parse_amount(sale.amount, sale.currency or program.currency)
    if money.currency != program.currency:
        raise InvalidInput(
            gettext_lazy("This programme counts in %(wanted)s, and the sale is in %(given)s.")
            % {"wanted": program.currency, "given": money.currency},
            code="currency_mismatch",
            path=("currency",),
        )
    number = referral.sale_count + 1 if referral else sale.number
    return SaleFacts(money, number, sale.product, dict(sale.metadata or {}))
