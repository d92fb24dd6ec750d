"""Points come back when the reward that they were exchanged for is cancelled before anybody has it."""

from __future__ import annotations

from referral_blocks.ledger import points
from referral_blocks.rewards.models import Reward

from .announce_points import announce_points
from .redeem_points import redeemed_key

EXCHANGE = "points:"  # how the trigger key of an exchanged reward begins; the exchange's id follows


def return_points(*, reward: Reward) -> int:
    """Give back what the reward was bought with, once; how many points, 0 for a reward that was earned otherwise. What
    expires because its owner did not take it in time gives nothing back: it was theirs to take."""
    if not reward.trigger_key.startswith(EXCHANGE):
        return 0
    back = points.return_points(
        taken=redeemed_key(reward.program_id, reward.trigger_key.removeprefix(EXCHANGE)),
        key=f"reward:{reward.pk}:points_returned",
        program_id=reward.program_id,
        person_id=reward.person_id,
        note=reward.title[:200],
    )
    if back:
        announce_points(program_id=reward.program_id, person_id=reward.person_id)
    return back
