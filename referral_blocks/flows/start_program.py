"""An owner starts a programme from a template: the draft with its rules and group offers, written once however often it
is asked for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import Conflict, InvalidInput
from referral_blocks.core.money import validate_currency
from referral_blocks.core.text import clean_text
from referral_blocks.groups.models import GroupOffer
from referral_blocks.programs.models import Program, ProgramStatus
from referral_blocks.rewards.offers import RuleInput, save_rule
from referral_blocks.theming.theme import get_theme

from .set_reward_rule import check_reward_rule

MAX_SLUG = 60
FIRST_SLUG = "programme"  # for a name that has no Latin letter
TRIES = 5


@dataclass(frozen=True, slots=True)
class GroupInput:
    """A group offer in plain values."""

    title: str
    size: int
    hours: int


@dataclass(frozen=True, slots=True)
class ProgramInput:
    """A programme in plain values. ``key`` is made once for each form that somebody fills in: what is sent twice under
    one key makes one programme."""

    key: uuid.UUID
    site_id: int
    name: str
    currency: str
    terms: str = ""
    theme: str = ""
    rules: Sequence[RuleInput] = ()
    groups: Sequence[GroupInput] = ()


@dataclass(frozen=True, slots=True)
class CheckedProgram:
    """What ``check_program`` found to be right, ready to be written."""

    key: uuid.UUID
    fields: Mapping[str, Any]
    rules: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]]
    groups: Sequence[GroupInput] = field(default=())


@dataclass(frozen=True, slots=True)
class StartedProgram:
    """``already`` says that the key was known, and nothing was written."""

    program: Program
    already: bool


def check_program(*, given: ProgramInput) -> CheckedProgram:
    """``given`` as it is stored. Raises InvalidInput with the path of the value: ``name``, ``currency``, ``theme``,
    ``terms`` or ``rules``, the rule’s number, and the rule’s own path. May ask a payout provider over the network: call
    it outside any transaction."""
    currency = validate_currency(given.currency)
    fields = {
        "site_id": given.site_id,
        "name": clean_text(given.name, max_length=120, path=("name",)),
        "currency": currency,
        "terms": clean_text(given.terms, max_length=100_000, path=("terms",), required=False, lines=True),
        "theme": _theme(given.theme),
        "status": ProgramStatus.DRAFT,
    }
    unsaved, rules = Program(currency=currency), []
    for number, rule in enumerate(given.rules):
        try:
            rules.append(check_reward_rule(program=unsaved, given=rule))
        except InvalidInput as error:
            raise error.at(partial(_in_rule, number)) from error
    return CheckedProgram(given.key, fields, rules, given.groups)


def _in_rule(number: int, path: tuple[str, ...]) -> tuple[str, ...]:
    return ("rules", str(number), *path)


def start_program(*, checked: CheckedProgram) -> StartedProgram:
    """The draft of the programme, with a free slug made from its name; all of it or nothing."""
    with transaction.atomic():
        program, already = _create(checked)
        if not already:
            for fields, conditions in checked.rules:
                save_rule(program=program, rule=None, fields=fields, conditions=conditions)
            for group in checked.groups:
                GroupOffer.objects.create(program=program, title=group.title, size=group.size, hours=group.hours)
    return StartedProgram(program, already)


def _create(checked: CheckedProgram) -> tuple[Program, bool]:
    """The database decides who comes first, for the key and for the slug."""
    for _try in range(TRIES):
        if found := Program.objects.filter(public_id=checked.key).first():
            return found, True
        slug = free_slug(site_id=checked.fields["site_id"], name=checked.fields["name"])
        try:
            with transaction.atomic():
                return Program.objects.create(public_id=checked.key, slug=slug, **checked.fields), False
        except IntegrityError:
            continue  # somebody took the slug, or this very form arrived twice at once
    raise Conflict(_("Another programme has just taken this name. Try again."), path=("name",))


def free_slug(*, site_id: int, name: str) -> str:
    """``name`` as a slug that no programme of the site has: “bring-a-neighbour”, then “bring-a-neighbour-2”."""
    base = slugify(name)[: MAX_SLUG - 5].strip("-_") or FIRST_SLUG
    taken = set(Program.objects.filter(site_id=site_id, slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _theme(slug: str) -> str:
    if slug and get_theme(slug) is None:
        raise InvalidInput(_("There is no such theme."), code="unknown_choice", path=("theme",))
    return slug
