"""A dry run that somebody has looked at is followed by the real run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import present_agent
from referral_blocks.core.errors import NotPossibleNow
from referral_blocks.sales.models import ImportState, SaleImport

from .import_sales import queue_import

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def confirm_import(*, sale_import: SaleImport, actor: User | None = None) -> bool:
    """Let a dry run that is done be followed by the real run; False when it was confirmed before. Its sales are
    recorded in the name of ``actor``; without, in that of the system that confirms.

    Raises NotPossibleNow while the dry run is under way, and for one whose file is not kept any more.
    """
    with transaction.atomic():
        locked = SaleImport.objects.select_for_update(of=("self",)).get(pk=sale_import.pk)
        if not locked.dry_run:
            return False
        if locked.state != ImportState.DONE:
            raise NotPossibleNow(_("The dry run is not done yet. Please wait a moment."))
        if not locked.content:
            raise NotPossibleNow(_("This file is not kept any more. Please upload it again."))
        locked.rows.all().delete()
        locked.dry_run, locked.state = False, ImportState.READY
        locked.confirmed_by, locked.confirmed_agent = actor, present_agent()
        locked.save(update_fields=["dry_run", "state", "confirmed_by", "confirmed_agent"])
        queue_import(sale_import=locked)
    sale_import.refresh_from_db()
    return True
