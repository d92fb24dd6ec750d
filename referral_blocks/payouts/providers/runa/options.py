"""A reward rule's choices for gift cards, and which face values they allow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money, exponents
from referral_blocks.payouts.provider import ProviderUnavailable

from .catalog import Catalog, Product

CHOICES = {"distribution": ("link", "email"), "order_at": ("approval", "claim")}
PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
TEMPLATE = re.compile(r"PT-[A-Za-z0-9]{1,60}")
KINDS = ("gift_card", "subscription")  # “payment” goes to a card of the recipient’s, which we do not know

DESCRIBED: tuple[tuple[str, str | Promise], ...] = (
    ("product", _("Code of the gift card, such as AMZ-GB")),
    ("template_id", _("Or the selection of gift cards to choose from: its id at Runa, PT-…")),
    ("distribution", _("Who sends it: “link”, this site shows it to its owner; “email”, Runa mails it")),
    ("order_at", _("When it is ordered: “approval” of the reward, or when its owner asks for it: “claim”")),
)


def clean(options: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The choices with their defaults; raises InvalidInput with a path that begins with methodOptions."""
    known = [name for name, _what in DESCRIBED]
    for name in options:
        if name not in known:
            _refuse(_("Use only: %(known)s.") % {"known": ", ".join(known)}, "not_used", str(name)[:40])
    product, template = (_text(options, name) for name in ("product", "template_id"))
    if bool(product) == bool(template):
        _refuse(_("Give either the code of a gift card or the id of a selection."), "required", "product")
    if product:
        orderable(product, catalog)
    elif not TEMPLATE.fullmatch(template):
        _refuse(_("The id of a selection begins with PT-."), "unknown_choice", "template_id")
    cleaned = {"product": product} if product else {"template_id": template}
    for name, choices in CHOICES.items():
        cleaned[name] = _text(options, name) or choices[0]
        if cleaned[name] not in choices:
            _refuse(_("Choose one of: %(known)s.") % {"known": ", ".join(choices)}, "unknown_choice", name)
    return cleaned


def check(amount: Money, options: Mapping[str, Any], catalog: Catalog) -> None:
    """Raise InvalidInput for a face value that can never be ordered."""
    if options.get("template_id"):
        check_whole(amount)
        return
    product = orderable(_text(options, "product"), catalog)
    if amount.currency != product.currency:
        text = _("This gift card is in %(theirs)s, the reward in %(ours)s.")
        _refuse(text % {"theirs": product.currency, "ours": amount.currency}, "currency_mismatch", "product")
    if not product.allows(amount):
        text = _("A gift card of “%(name)s” cannot be worth %(amount)s. It can be: %(values)s.")
        values = {"name": product.name, "amount": amount.format(), "values": allowed(product)}
        raise InvalidInput(text % values, code="out_of_range", path=("amount",))


def check_whole(amount: Money) -> None:
    """Selections come in whole major units only."""
    if amount.amount_minor < 1 or amount.amount_minor % 10 ** exponents()[amount.currency]:
        raise InvalidInput(
            _("A selection of gift cards has to be worth a whole amount, such as 20.00."),
            code="out_of_range",
            path=("amount",),
        )


def orderable(code: str, catalog: Catalog) -> Product:
    """The product, as one that can be ordered; raises InvalidInput."""
    if not PRODUCT.fullmatch(code):
        _refuse(_("Give the code of a gift card, such as AMZ-GB."), "unknown_choice", "product")
    try:
        product = catalog.product(code)
    except ProviderUnavailable:
        _refuse(
            _("Runa’s catalogue cannot be read at the moment. Try again in some minutes."),
            "provider_unavailable",
            "product",
        )
    if product is None or product.kind not in KINDS:
        _refuse(_("Runa has no gift card “%(code)s” for you.") % {"code": code}, "unknown_choice", "product")
    if not product.orderable:
        text = _("The gift card “%(name)s” cannot be ordered at the moment.")
        _refuse(text % {"name": product.name}, "unknown_choice", "product")
    return product


def allowed(product: Product) -> str:
    """The face values in words."""

    def money(minor: int) -> str:
        return Money(minor, product.currency).format()

    if product.values:
        return ", ".join(money(minor) for minor in product.values)
    low, high = product.minimum_minor, product.maximum_minor
    if low is not None and high is not None:
        return _("%(low)s to %(high)s") % {"low": money(low), "high": money(high)}
    return (
        _("from %(low)s") % {"low": money(low)} if low is not None else _("up to %(high)s") % {"high": money(high or 0)}
    )


def _text(options: Mapping[str, Any], name: str) -> str:
    value = options.get(name, "")
    if not isinstance(value, str):
        _refuse(_("This has to be text."), "unknown_choice", name)
    return value.strip()


def _refuse(message: str | Promise, code: str, name: str) -> NoReturn:
    raise InvalidInput(message, code=code, path=("methodOptions", name))
