"""Mails to staff: what has stopped by itself and waits for what only they can do."""

from __future__ import annotations

from django.urls import reverse

from referral_blocks.core import queue
from referral_blocks.emails.staff import mail_staff
from referral_blocks.payouts.policy import SendingStop, SendingStopChange
from referral_blocks.payouts.selectors import waiting_count

STOP_TASK = "referral_blocks.flows.tasks.tell_staff_of_stop"
# Who can end a stop, and who has to deal with what it leaves behind.
RIGHTS = ("stop_payouts", "resolve_payout")


def tell_staff_later(*, provider: str) -> None:
    """The provider was stopped by the machine just now; in the transaction that has written it."""
    change = SendingStopChange.objects.filter(provider=provider, stopped=True).latest("pk")
    queue.enqueue(STOP_TASK, change.pk)


def tell_staff_of_stop(*, stop_change_id: int) -> int:
    """One mail to each of them; returns how many. None when it sends again already."""
    change = SendingStopChange.objects.get(pk=stop_change_id)
    stop = SendingStop.objects.filter(provider=change.provider, cause=change.cause).first()
    if stop is None:
        return 0
    return mail_staff(
        kind="sending_stopped",
        rights=RIGHTS,
        context={"stop": stop, "waiting": waiting_count(provider=stop.provider)},
        path=reverse("referral_sending:index"),
    )
