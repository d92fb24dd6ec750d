"""Does what the queue does with addresses that somebody typed to be mailed a link."""

from __future__ import annotations

from django_q.models import OrmQ

from referral_blocks.emails.link_requests import LOOK_UP_TASK
from referral_blocks.flows import tasks


def look_up() -> int:
    """Run the tasks that look addresses up, and no other; returns how many."""
    waiting = [row for row in OrmQ.objects.order_by("pk") if row.task["func"] == LOOK_UP_TASK]
    for row in waiting:
        row.delete()
        tasks.answer_link_request(*row.task["args"])
    return len(waiting)
