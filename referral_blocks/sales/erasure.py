"""Takes a person out of sales and files of sales; what was sold, when and for how much stays."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from .models import ImportState, Sale, SaleImport, SaleImportRow

MIN_LENGTH = 6  # a shorter word is in files that say nothing of this person


def forget_buyer(*, person_id: int) -> None:
    """Blank what sources said beside the sale itself."""
    Sale.objects.filter(referral__friend_id=person_id).update(metadata={})


def forget_in_files(*, words: Sequence[str]) -> None:
    """Forget every file that is kept and holds one of ``words`` (the address, the phone number), and what its rows
    were answered with it. A file that is being recorded is forgotten with its last row anyway."""
    long = [word for word in words if len(word) >= MIN_LENGTH]
    if not long:
        return
    in_file, in_row = Q(), Q()
    for word in long:
        in_file |= Q(content__icontains=word)
        in_row |= Q(message__icontains=word)
    kept = SaleImport.objects.filter(Q(dry_run=True) | Q(state=ImportState.DONE)).exclude(content="")
    kept.filter(in_file).update(content="", state=ImportState.DONE, next_try_at=None)
    SaleImportRow.objects.filter(in_row).update(message="")
    own = Q()
    for word in long:
        own |= Q(external_id__icontains=word)
    SaleImportRow.objects.filter(own).update(external_id="")
