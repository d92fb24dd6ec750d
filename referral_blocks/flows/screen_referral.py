"""The checks look at a referral: what they find is written down, and from a score on a person has to look."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from referral_blocks.activity.kinds import Kind
from referral_blocks.core.conf import get_conf
from referral_blocks.fraud.engine import blocking_aliases, screen
from referral_blocks.fraud.models import ReviewDecision, RiskSignal
from referral_blocks.fraud.selectors import found_states, risk_scores, total_score
from referral_blocks.fraud.services import record_findings
from referral_blocks.referrals.models import Referral, Review
from referral_blocks.referrals.services import set_review, set_risk
from referral_blocks.rewards.models import Reward
from referral_blocks.sales.models import Sale

from .announce import announce
from .cancel_payouts import hold_rewards
from .review_referral import decide_sides


def screen_referral(*, referral: Referral, sale: Sale | None = None, occasion: str = "") -> bool:
    """Look at the referral as it was captured, or at this sale of it; True when it is flagged or blocked by this.
    ``occasion`` names another moment at which it is looked at again, because something is known that was not.

    In the caller's transaction, which holds the referral's lock (and at a sale the lock of the referrer's standing),
    and before rewards are promised. Something new after a person approved it flags it again; what was known to them
    does not.
    """
    screened = screen(referral=referral, sale=sale)
    new = record_findings(referral=referral, occasion=occasion or screened.occasion, findings=screened.findings)
    scores = risk_scores(referral=referral) if new else {}
    facts = screened.screening
    bought_before = facts is not None and (facts.known_customer or facts.bought_before)
    score = total_score(scores) if new else referral.risk_score
    set_risk(referral=referral, score=score, bought_before=bought_before)
    if not new or score < get_conf().FRAUD_REVIEW_SCORE:
        return False
    return _flag(referral, new, scores)


def _flag(referral: Referral, new: list[RiskSignal], scores: Mapping[str, int]) -> bool:
    """Flag the sides that the findings speak of; blocked sides stay as they are."""
    waiting = found_states(referral=referral).open
    if referral.review == Review.BLOCKED or not waiting:
        return False
    worst = max(new, key=lambda signal: signal.score)
    set_review(referral=referral, to=Review.FLAGGED, reason=worst.check_name)
    announce(Kind.REFERRAL_FLAGGED, referral, program=referral.program, referrer_id=referral.referrer_id)
    if _blocks(referral, scores):
        with override(settings.LANGUAGE_CODE):
            reason = _("Blocked by its score of %(score)d.") % {"score": referral.risk_score}
        decide_sides(referral=referral, sides=waiting, approve=False, reason=reason, actor=None, automatic=True)
        return True
    hold_rewards(rewards=Reward.objects.filter(referral=referral, side__in=waiting), cause=worst.check_name)
    return True


def _blocks(referral: Referral, scores: Mapping[str, int]) -> bool:
    """Whether the score alone blocks: never by default, and never over what a person has decided."""
    limit = get_conf().FRAUD_BLOCK_SCORE
    if limit is None:
        return False
    blocking = blocking_aliases()
    score = total_score({name: top for name, top in scores.items() if name in blocking})
    return score >= limit and not ReviewDecision.objects.filter(referral=referral, automatic=False).exists()
