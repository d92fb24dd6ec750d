"""What the pages of most starters have in common: the order of the blocks, and words that are true of any programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from .starter import Body, TermsFacts

Words = Mapping[str, str]
Pairs = Sequence[tuple[str, str]]


def landing(
    *, hero: Words, steps: Pairs, form: Mapping[str, Any], questions: Pairs, bar: str, offer: Body | None = None
) -> Body:
    """Where an invited friend arrives: greeting and offer, how it goes, the form, and what people ask. ``offer`` stands
    in place of the offer cards."""
    return [
        ("hero", {"speaks_to": "friend", "action_aim": "friend_form", "show_offer": False, **hero}),
        *(offer or [("offer_cards", {"speaks_to": "friend"})]),
        ("steps", {"heading": _("How it works"), "steps": _steps(steps)}),
        ("friend_form", {**form}),
        ("faq", {"questions": _questions([*questions, *_for_friends()])}),
        ("terms", {}),
        ("cta_bar", {"text": bar, "action_text": hero["action_text"], "action_aim": "friend_form"}),
    ]


def share(*, hero: Words, steps: Pairs, message: str, questions: Pairs, offer: Body | None = None) -> Body:
    """Where a customer joins and passes the link on."""
    return [
        (
            "hero",
            {"speaks_to": "referrer", "greeting": False, "action_aim": "join_form", "show_offer": False, **hero},
        ),
        ("share_panel", {"message": message}),
        *(offer or [("offer_cards", {"speaks_to": "referrer"})]),
        ("steps", {"heading": _("How it works"), "steps": _steps(steps)}),
        ("join_form", {}),
        ("standing", {}),
        ("faq", {"questions": _questions([*questions, *_for_referrers()])}),
        ("terms", {}),
    ]


def portal(*, more: Body | None = None) -> Body:
    """Where a referrer comes back to: figures, link, friends and rewards."""
    return [
        ("stats", {"heading": _("So far")}),
        ("share_panel", {}),
        *(more or ()),
        ("rewards_table", {}),
        ("friends_list", {}),
        ("my_settings", {}),
    ]


def terms_page() -> Body:
    return [("terms", {"heading": _("Terms of this programme"), "collapsed": False})]


def terms_text(facts: TermsFacts, *, more: Sequence[str] = (), referrer: str = "", friend: str = "") -> str:
    """A first draft; what only the owner knows stands in double brackets. ``referrer`` and ``friend`` are sentences
    about ``%(rewards)s`` in place of the usual ones."""
    referrer = referrer or _("Who recommends us gets: %(rewards)s.")
    friend = friend or _("A friend who becomes a customer gets: %(rewards)s.")
    parts = [
        _("Terms of “%(program)s”") % {"program": facts.program},
        _("“%(program)s” is run by %(owner)s, [[your company’s full name and postal address]].")
        % {"program": facts.program, "owner": facts.owner},
        _(
            "Customers may recommend us to anybody who is not a customer yet. Nobody can recommend themselves or a "
            "member of their own household. [[Check who may take part: age, countries, employees.]]"
        ),
        referrer % {"rewards": ", ".join(facts.referrer)} if facts.referrer else "",
        friend % {"rewards": ", ".join(facts.friend)} if facts.friend else "",
        *more,
        _(
            "A friend counts once their first purchase is paid for, within 90 days of leaving their details. Rewards "
            "wait up to %(days)d days, so that a return comes before a reward. A purchase that is refunded earns none. "
            "[[Check these numbers against the programme’s windows and holds.]]"
        )
        % {"days": facts.hold_days},
        _(
            "We keep names and e-mail addresses to run this programme, as our privacy notice says: [[the address of "
            "your privacy notice]]."
        ),
        _(
            "We may end or change the programme for the future. What was promised by then is kept. [[Check the law "
            "that applies, and taxes on rewards.]]"
        ),
    ]
    return "\n\n".join(filter(None, parts))


def _for_friends() -> Pairs:
    return [
        (
            _("Do I have to buy anything now?"),
            _("No. Leave your details first, and decide when you have seen what we offer."),
        ),
        (
            _("What happens with my data?"),
            _("We use it to get in touch about this offer. Your friend learns that you became a customer, no more."),
        ),
    ]


def _for_referrers() -> Pairs:
    return [
        (_("How many friends can I bring?"), _("As many as you like. Each one counts.")),
        (
            _("When do I hear about my reward?"),
            _("We mail you when it is confirmed: after your friend’s first purchase and the time for returns."),
        ),
        (
            _("Do my friends see my name?"),
            _("Only your first name, and only if you agree to it when you join."),
        ),
    ]


def _steps(pairs: Pairs) -> list[dict[str, Any]]:
    return [{"title": title, "text": text} for title, text in pairs]


def _questions(pairs: Pairs) -> list[dict[str, Any]]:
    return [{"question": question, "answer": answer} for question, answer in pairs]
