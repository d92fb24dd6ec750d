"""What the admin must not delete, because people's rewards hang on it: programmes in use, their sites and home pages.

The database protects all of this; here it becomes a sentence instead of an error page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail.actions import ActionRegistry, DeleteAction
from wagtail.admin import messages
from wagtail.models import Site

from referral_blocks.groups.models import GroupOffer
from referral_blocks.programs.models import Program


def in_use(program: Program) -> bool:
    """Whether anything hangs on the programme that must not be lost."""
    relations = (program.referrers, program.referrals, program.sales, program.rewards, program.payouts)
    return any(relation.exists() for relation in relations)


def before_delete_snippet(request: HttpRequest, instances: Iterable[Any]) -> HttpResponse | None:
    """Hook before snippets are deleted, one or many: programmes in use are kept."""
    kept = [i for i in instances if isinstance(i, Program) and in_use(i)]
    for program in kept:
        messages.error(
            request,
            _(
                "“%(name)s” cannot be deleted: people have joined it or were promised rewards. "
                "Set its status to “Ended” instead."
            )
            % {"name": program.name},
        )
    if not kept and request.method == "POST":
        # What a starter has made along with the programme; an offer with groups is none of these.
        GroupOffer.objects.filter(program__in=[i for i in instances if isinstance(i, Program)], groups=None).delete()
    return redirect("referral_programs:list") if kept else None


def before_delete_page(request: HttpRequest, page: Any) -> HttpResponse | None:
    """Hook before a page is deleted: it would take along every site that it is the home page of."""
    programs = Program.objects.filter(site__root_page__path__startswith=page.path)
    if not programs.exists():
        return None
    names = ", ".join(programs.values_list("name", flat=True))
    messages.error(
        request,
        _("“%(page)s” cannot be deleted: a site with referral programmes begins there (%(names)s).")
        % {"page": page, "names": names},
    )
    return redirect("wagtailadmin_explore", page.get_parent().pk if page.depth > 1 else page.pk)


def before_bulk_action(request: HttpRequest, action: str, objects: Iterable[Any], view: Any) -> HttpResponse | None:
    """Hook before a bulk action: the same for many pages at once."""
    if action != "delete":
        return None
    refused = (before_delete_page(request, page) for page in objects if hasattr(page, "depth"))
    return next((response for response in refused if response), None)


class DeleteSiteAction(DeleteAction):
    """Deletes a site unless it has programmes; Wagtail answers with its “no permission” sentence."""

    def execute(self, skip_permission_checks: bool = False) -> Any:
        if Program.objects.filter(site=self.instance).exists():
            raise PermissionDenied
        return super().execute(skip_permission_checks=skip_permission_checks)


def register_actions(registry: ActionRegistry) -> None:
    registry.register(Site, DeleteSiteAction)
