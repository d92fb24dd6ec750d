"""Makes what a starter promises: the programme with its rules and its pages as drafts, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from wagtail.log_actions import log

from referral_blocks.blocks.starter import Body, Starter
from referral_blocks.core.money import POINTS, Money
from referral_blocks.flows.start_program import GroupInput, ProgramInput, check_program, start_program
from referral_blocks.programs.models import Program
from referral_blocks.rewards.offers import POINTS_METHOD, RuleInput

from .program_pages import pages_of
from .starter_form import amount_name, title_of


@dataclass(frozen=True, slots=True)
class Made:
    """The programme with its pages by kind; ``already`` where the same form had been sent before."""

    program: Program
    pages: dict[str, Any]
    already: bool


def make_program(*, starter: Starter, given: dict[str, Any], user: Any) -> Made:
    """``given`` is the form's cleaned data. Raises DomainError (see ``check_program``) and, from a host's page type,
    ValidationError; then nothing is written."""
    checked = check_program(given=plain_values(starter=starter, given=given))
    with transaction.atomic():
        started = start_program(checked=checked)
        program = started.program
        if started.already:
            return Made(program, pages_of(program), already=True)
        log(instance=program, action="wagtail.create", user=user, content_changed=True)
        pages = {
            kind: _add_draft(model, starter=starter, kind=kind, program=program, parent=given["parent"], user=user)
            for kind, model in given["types"].items()
            if kind in starter.pages
        }
    return Made(program, pages, already=False)


def plain_values(*, starter: Starter, given: dict[str, Any]) -> ProgramInput:
    return ProgramInput(
        key=given["key"],
        site_id=given["site"].pk,
        name=given["name"],
        currency=given["currency"],
        terms=given["terms"],
        theme=given["theme"],
        rules=[_rule(reward, given) for reward in starter.rewards],
        groups=[GroupInput(str(group.title), group.size, group.hours) for group in starter.groups],
    )


def _rule(reward: Any, given: dict[str, Any]) -> RuleInput:
    minor, currency = given["minor"][amount_name(reward)], given["currency"]
    return RuleInput(
        side=reward.side.value,
        title=title_of(reward, minor, currency),
        amount=f"{Money(minor, POINTS if reward.in_points else currency).decimal:f}",
        trigger=reward.trigger.value,
        currency=POINTS if reward.in_points else "",
        method=POINTS_METHOD if reward.in_points else "manual",
        points_price=reward.points_price,
        instructions=str(reward.instructions),
        hold_days=reward.hold_days,
        approval=reward.approval.value,
    )


def _add_draft(model: Any, *, starter: Starter, kind: str, program: Program, parent: Any, user: Any) -> Any:
    """One page as Wagtail's own editor leaves a new one: a draft with its first revision, in its parent's language."""
    title = str(starter.pages[kind].title) % {"name": program.name}
    page = model(
        title=title,
        slug=_slug(title, kind, program),
        program=program,
        body=known_blocks(model, starter.pages[kind].body()),
        live=False,
        owner=user,
        locale=parent.locale,
    )
    parent.add_child(instance=page)
    page.save_revision(user=user, log_action=True)
    return page


def _slug(title: str, kind: str, program: Program) -> str:
    """Empty, and Wagtail makes a free one from the title; one of our own where the title has no letter for it."""
    readable = slugify(title, allow_unicode=getattr(settings, "WAGTAIL_ALLOW_UNICODE_SLUGS", True))
    return "" if readable else f"{program.slug}-{kind.removesuffix('_page')}-{program.pk}"


def known_blocks(model: Any, body: Body) -> Body:
    """Without the blocks that the host's page does not offer."""
    known = model._meta.get_field("body").stream_block.child_blocks
    return [(name, value) for name, value in body if name in known]
