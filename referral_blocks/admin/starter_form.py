"""What is asked before a starter makes a programme with its pages: one form, whose amounts are the starter's own."""

from __future__ import annotations

import uuid
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import AdminAutoHeightTextInput, AdminPageChooser
from wagtail.models import Site

from referral_blocks.blocks.starter import Starter, StarterReward, TermsFacts, amount_in_title
from referral_blocks.core.errors import InvalidInput
from referral_blocks.core.money import Money, currency_choices, exponents, parse_amount
from referral_blocks.programs.models import Program
from referral_blocks.rewards.offers import parse_points
from referral_blocks.theming.theme import theme_choices

from .program_pages import KINDS, NEEDED, page_model, types_below

OWN_KEY = uuid.UUID("6f3b9a52-6c1f-4c0e-9d0c-58f2b64b7e11")  # the namespace of keys that are made from forms


def likely_currency(site: Site | None) -> str:
    """That of the site's newest programme, then of any, then of the country that the editor's language suggests."""
    newest = Program.objects.order_by("-created_at")
    known = (newest.filter(site=site).first() if site else None) or newest.first()
    if known is not None:
        return known.currency
    locale = Locale.parse(to_locale(get_language() or "en"))
    likely = get_global("likely_subtags").get(locale.language, "")
    territory = locale.territory or likely.rpartition("_")[2]
    codes = [code for code in get_territory_currencies(territory) if code in exponents()] if territory else []
    return codes[0] if codes else ""


class StarterForm(forms.Form):
    """Cleaned, it holds plain values, the ``site``, the ``parent`` page and what may be made below it (``types``)."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Name of the programme"),
        max_length=120,
        help_text=_("What visitors read. It is the page’s title, too."),
    )
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.order_by("-is_default_site", "hostname"))
    parent = forms.ModelChoiceField(
        label=_("Where the pages go"), queryset=None, required=False,
        help_text=_("The page that they are put below. Empty: the site’s home page."),
    )  # fmt: skip
    currency = forms.ChoiceField(
        label=_("Currency"), choices=currency_choices, help_text=_("Of your sales and of what you give.")
    )
    theme = forms.ChoiceField(
        label=_("Theme"), choices=lambda: [("", _("The site’s theme")), *theme_choices()], required=False,
        widget=forms.RadioSelect, help_text=_("The look of the programme’s pages."),
    )  # fmt: skip
    terms = forms.CharField(
        label=_("Terms"), required=False, max_length=100_000, widget=AdminAutoHeightTextInput,
        help_text=_("A first draft. What stands in [[double brackets]] is for you to fill in, now or later."),
    )  # fmt: skip

    def __init__(self, *args: Any, starter: Starter, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.starter, self.user = starter, user
        pages = page_model().objects.filter(depth__gt=1)
        self.fields["parent"].queryset = pages
        self.fields["parent"].widget = AdminPageChooser(user_perms="copy_to")
        self.fields["parent"].widget.is_required = False
        for reward in starter.rewards:
            self.fields[amount_name(reward)] = forms.CharField(
                label=reward.label, max_length=32,
                help_text=reward.help_text or _("Such as 20 or 20.00."),
            )  # fmt: skip
        order = ["key", "name", "site", "parent", "currency", *map(amount_name, starter.rewards), "theme", "terms"]
        self.order_fields(order)
        self._suggest()

    def _suggest(self) -> None:
        sites = list(self.fields["site"].queryset)
        first = next((site for site in sites if site.is_default_site), sites[0] if sites else None)
        if len(sites) == 1:
            self.fields["site"].widget = forms.HiddenInput()
            if self.may_add_below(first.root_page):
                self.initial["parent"] = first.root_page_id
        currency = likely_currency(first)
        amounts = {amount_name(r): suggested(r, currency) for r in self.starter.rewards}
        name = str(self.starter.program_name)
        self.initial = {
            "key": uuid.uuid4(), "name": name, "site": first, "currency": currency, **amounts,
            "terms": self._draft(name, first, currency), **self.initial,
        }  # fmt: skip

    def _draft(self, name: str, site: Site | None, currency: str) -> str:
        """The terms with the suggested amounts; ``clean`` puts in the ones that were given."""
        if not currency:
            return ""
        given = {
            amount_name(r): suggested_minor(r, currency) for r in self.starter.rewards
        }  # fmt: skip
        return self.starter.terms(self._facts(name, site, currency, given))

    def _facts(self, name: str, site: Site | None, currency: str, minor: dict[str, int]) -> TermsFacts:
        titles: dict[str, list[str]] = {"referrer": [], "friend": []}
        for_points = []
        for reward in self.starter.rewards:
            title = title_of(reward, minor[amount_name(reward)], currency)
            if reward.points_price is None:
                titles[reward.side].append(title)
            else:
                for_points.append((title, reward.points_price))
        owner = (site.site_name or site.hostname) if site else ""
        hold = max((reward.hold_days for reward in self.starter.rewards), default=0)
        return TermsFacts(
            program=name, owner=owner, referrer=titles["referrer"], friend=titles["friend"], hold_days=hold,
            for_points=for_points,
        )  # fmt: skip

    def may_add_below(self, page: Any) -> bool:
        return bool(page.permissions_for_user(self.user).can_add_subpage())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_amounts(cleaned)
        if (site := cleaned.get("site")) and "parent" in cleaned:
            cleaned["parent"] = (cleaned["parent"] or site.root_page).specific
            self._clean_parent(cleaned, site)
        if "key" in cleaned:
            # Another member of staff's form never answers with this one's programme.
            cleaned["key"] = uuid.uuid5(OWN_KEY, f"{self.user.pk}:{cleaned['key']}")
        if not self.errors:
            self._keep_draft_true(cleaned)
        return cleaned

    def _clean_amounts(self, cleaned: dict[str, Any]) -> None:
        """Each amount in minor units, as ``minor``."""
        cleaned["minor"] = {}
        for reward in self.starter.rewards:
            name = amount_name(reward)
            if name not in cleaned or not (reward.in_points or cleaned.get("currency")):
                continue
            try:
                cleaned["minor"][name] = (
                    parse_points(cleaned[name])
                    if reward.in_points
                    else parse_amount(cleaned[name], cleaned["currency"]).amount_minor
                )
            except InvalidInput as error:
                self.add_error(name, ValidationError(error.message, code=error.code))

    def _clean_parent(self, cleaned: dict[str, Any], site: Site) -> None:
        parent = cleaned["parent"]
        if not self.may_add_below(parent):
            return self.add_error("parent", _("You may not add pages below “%(page)s”.") % {"page": parent})
        at = parent.get_site()
        if at is None or at.pk != site.pk:
            return self.add_error(
                "parent", _("“%(page)s” is no page of the site “%(site)s”.") % {"page": parent, "site": site}
            )
        cleaned["types"] = types_below(parent)
        for kind in NEEDED:
            if kind not in cleaned["types"]:
                words = {"page": parent, "kind": str(KINDS[kind]).lower()}
                text = _("No %(kind)s may be made below “%(page)s”. Choose another page.") % words
                return self.add_error("parent", text)
        return None

    def _keep_draft_true(self, cleaned: dict[str, Any]) -> None:
        """A draft of the terms that nobody has touched speaks of what was given, not of what had been suggested."""
        site, typed = cleaned["site"], _plain(cleaned["terms"])
        first, currency = self.initial["site"], self.initial["currency"]
        if typed and typed == _plain(self._draft(self.initial["name"], first, currency)):
            cleaned["terms"] = self.starter.terms(
                self._facts(cleaned["name"], site, cleaned["currency"], cleaned["minor"])
            )


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def amount_name(reward: StarterReward) -> str:
    return f"amount_{reward.name}"


def suggested(reward: StarterReward, currency: str) -> str:
    """As the form shows it: a currency without decimals takes a hundred times the number."""
    if reward.in_points or not currency:
        return reward.suggested
    money = Money(suggested_minor(reward, currency), currency)
    return (
        f"{money.decimal.normalize():f}" if money.decimal == money.decimal.to_integral_value() else str(money.decimal)
    )


def suggested_minor(reward: StarterReward, currency: str) -> int:
    if reward.in_points:
        return int(reward.suggested)
    exponent = exponents()[currency]
    return int(reward.suggested) * (100 if exponent == 0 else 10**exponent)


def title_of(reward: StarterReward, minor: int, currency: str) -> str:
    money = Money(minor, "PTS" if reward.in_points else currency)
    return str(reward.title) % {"amount": amount_in_title(money)}
