"""The fields that a marketer adds to the friend's form: a fixed set of kinds, each optional or not, with its label.

What a form asks for travels with it, signed: it is checked as it was shown, also when the page came out of a cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.referrals.answers import MAX_LABEL, MAX_TEXT

SALT = "referral_blocks.fields"
MAX_SIGNED = 12_000
MAX_LINE = 200
MOST_TEXTS = 4

PHONE, COMPANY, MESSAGE, TEXT = "phone", "company", "message", "text"
LABELS: dict[str, str | Promise] = {
    PHONE: _("Phone"),
    COMPANY: _("Company"),
    MESSAGE: _("Message"),
    TEXT: _("Your answer"),
}
WIDGETS: dict[str, dict[str, str]] = {
    PHONE: {"autocomplete": "tel", "inputmode": "tel", "type": "tel", "dir": "ltr"},
    COMPANY: {"autocomplete": "organization"},
    TEXT: {"autocomplete": "off"},
}


class FriendFieldBlock(blocks.StructBlock):
    """One more thing to ask for."""

    label = blocks.CharBlock(
        required=False, max_length=MAX_LABEL, label=_("Label"), help_text=_("Empty: the usual word, such as “Phone”.")
    )
    help_text = blocks.CharBlock(
        required=False, max_length=160, label=_("Help text"), help_text=_("A line that says why you ask.")
    )
    required = blocks.BooleanBlock(
        required=False, label=_("Has to be filled in"), help_text=_("Every field that has to be costs you friends.")
    )


class OwnFieldBlock(FriendFieldBlock):
    """A question in the marketer's words."""

    label = blocks.CharBlock(max_length=MAX_LABEL, label=_("Question"))


class FriendFieldsBlock(blocks.StreamBlock):
    """The fields between e-mail and consent, in this order; name and e-mail are always asked for."""

    phone = FriendFieldBlock(icon="mobile-alt", label=_("Phone"))
    company = FriendFieldBlock(icon="home", label=_("Company"))
    message = FriendFieldBlock(icon="comment", label=_("Message"))
    text = OwnFieldBlock(icon="pilcrow", label=_("Your own question"))

    class Meta:
        block_counts = {
            PHONE: {"max_num": 1}, COMPANY: {"max_num": 1}, MESSAGE: {"max_num": 1}, TEXT: {"max_num": MOST_TEXTS}
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AskedField:
    """``name`` is the form field's: the kind, or ``text_1`` and on for the marketer's own questions."""

    name: str
    kind: str
    label: str
    required: bool
    help_text: str | Promise

    def form_field(self) -> forms.CharField:
        label, text = self.label or LABELS[self.kind], self.help_text
        missing = {"required": _("Please fill this in.")}
        if self.kind == MESSAGE:
            return forms.CharField(
                label=label, required=self.required, max_length=MAX_TEXT, help_text=text, error_messages=missing,
                widget=forms.Textarea(attrs={"rows": "4"}),
            )  # fmt: skip
        return forms.CharField(
            label=label, required=self.required, max_length=32 if self.kind == PHONE else MAX_LINE, help_text=text,
            error_messages=missing, widget=forms.TextInput(attrs=WIDGETS[self.kind]),
        )  # fmt: skip


def phone_field() -> forms.CharField:
    """The optional phone number, as forms without settings of their own ask for it."""
    return AskedField(PHONE, PHONE, "", False, _("Only if you would rather be called.")).form_field()


def sign_fields(value: Any) -> str:
    """What a block's fields ask for, to be sent along with its form."""
    rows = [
        [child.block_type, *(child.value.get(name) or "" for name in ("label", "help_text")),
         bool(child.value.get("required"))]
        for child in value or ()
    ]  # fmt: skip
    return signing.dumps(rows, salt=SALT, compress=True) if rows else ""


def read_fields(signed: str) -> list[AskedField]:
    """What ``sign_fields`` was given, as far as this version knows its kinds; nothing for a text that is forged."""
    if not signed or len(signed) > MAX_SIGNED:
        return []
    try:
        rows = [
            (str(kind), str(label), str(text), bool(must))
            for kind, label, text, must in signing.loads(signed, salt=SALT)
        ]
    except (signing.BadSignature, TypeError, ValueError):
        return []
    asked: list[AskedField] = []
    for kind, label, help_text, required in rows:
        if kind not in LABELS:
            continue
        count = sum(field.kind == TEXT for field in asked)
        name = f"{TEXT}_{count + 1}" if kind == TEXT else kind
        asked.append(AskedField(name, kind, label, required, help_text))
    return asked
