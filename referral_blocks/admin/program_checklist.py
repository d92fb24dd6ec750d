"""What is left to do until a programme runs: read from what there is, on the programme's own form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from wagtail.admin.panels import Panel

from referral_blocks.blocks.starter import is_to_check
from referral_blocks.payouts.registry import is_registered, payout_provider
from referral_blocks.payouts.selectors import active_stops
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.rewards.limits import COUPON_METHOD
from referral_blocks.rewards.models import CouponCode, RewardRule

from .labels import provider_label
from .permissions import may
from .program_pages import KINDS, NEEDED, pages_of


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do; ``link`` is where, empty where this user can do nothing about it."""

    text: str
    done: bool
    link: str = ""
    hint: str = ""


def tasks_of(program: Program, *, user: Any) -> list[Task]:
    """Everything that a new programme needs, in the order in which an owner does it."""
    return [_terms(program), *_rewards(program, user), *_pages(program, user), _live(program)]


def _terms(program: Program) -> Task:
    unchecked = is_to_check(program.terms)
    hint = _("Something in [[double brackets]] still waits for you.") if unchecked else ""
    hint = hint if program.terms.strip() else _("There are none yet.")
    return Task(_("Check the terms"), bool(program.terms.strip()) and not unchecked, "#id_terms", hint)


def _rewards(program: Program, user: Any) -> Iterator[Task]:
    rules = list(RewardRule.objects.filter(program=program, active=True).order_by("pk"))
    if not rules:
        yield Task(_("Say what is given"), False, "#panel-child-rewards-section", _("No reward is active."))
        return
    stopped = {stop.provider for stop in active_stops()}
    problems = list(dict.fromkeys(filter(None, (_problem(rule, stopped) for rule in rules))))
    ways = ", ".join(dict.fromkeys(provider_label(rule.method) for rule in rules))
    link = reverse("referral_providers:index") if may(user, "view_payout", "stop_payouts") else ""
    yield Task(_("Have the way of paying ready"), not problems, link, " ".join(problems) or ways)


def _problem(rule: RewardRule, stopped: set[str]) -> str:
    """Why the rule's rewards would not go out now; asks nobody over the network."""
    if not is_registered(rule.method):
        return _("“%(method)s” is no longer set up on this site.") % {"method": rule.method}
    label = provider_label(rule.method)
    if rule.method == COUPON_METHOD:
        free = CouponCode.objects.filter(coupon_list_id=rule.coupon_list_id, reward=None)
        return "" if free.exists() else _("%(method)s: no codes are left in the list.") % {"method": label}
    if not payout_provider(rule.method).capabilities.in_house and stopped & {rule.method, ""}:
        return _("%(method)s: sending is stopped.") % {"method": label}
    return ""


def _pages(program: Program, user: Any) -> Iterator[Task]:
    pages = pages_of(program)
    for kind, label in KINDS.items():
        page = getattr(program, kind) or pages.get(kind)
        text = _("Publish the %(kind)s") % {"kind": str(label).lower()}
        if page is None and kind in NEEDED:
            root = program.site.root_page_id
            yield Task(text, False, reverse("wagtailadmin_explore", args=[root]), _("There is none yet. Add one here."))
        elif page is not None:
            may_edit = page.permissions_for_user(user).can_edit()
            yield Task(
                text, page.live, reverse("wagtailadmin_pages:edit", args=[page.pk]) if may_edit else "", page.title
            )


def _live(program: Program) -> Task:
    return Task(_("Set the programme live"), program.status == ProgramStatus.LIVE, "#id_status")


class ChecklistPanel(Panel):
    """The tasks on top of the form, until none is left."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "referral_blocks/admin/program_checklist.html"

        @cached_property
        def tasks(self) -> list[Task]:
            # What is stored: the instance already holds what somebody typed and what may have been refused.
            stored = Program.objects.select_related("site").filter(pk=self.instance.pk).first()
            return tasks_of(stored, user=self.request.user) if stored is not None else []

        @property
        def left(self) -> int:
            return sum(not task.done for task in self.tasks)

        def is_shown(self) -> bool:
            return bool(self.instance.pk) and self.instance.status != ProgramStatus.ENDED and self.left > 0
