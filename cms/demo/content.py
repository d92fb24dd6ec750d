"""What the demo's pages are made of, and its front page; windows.py and invoicing.py hold the two businesses' words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Stream = list[tuple[str, dict[str, Any]]]
Pictures = Mapping[str, Any]  # by name, as pictures.py loads them


@dataclass(frozen=True, slots=True)
class PageSet:
    """What the four pages of a programme say: a friend arrives on the first, a customer shares on the second, sees what
    came of it on the third, and everybody reads the terms on the fourth."""

    landing: Stream
    share: Stream
    portal: Stream
    terms: Stream


@dataclass(frozen=True, slots=True)
class Words:
    """What the pages of two programmes of one business say differently around the same blocks."""

    share_heading: str
    share_message: str
    email_message: str
    portal_heading: str
    portal_text: str


def share_panel(words: Words) -> tuple[str, dict[str, Any]]:
    return (
        "share_panel",
        {
            "heading": words.share_heading,
            "text": "Everybody who comes through it counts for you.",
            "message": words.share_message,
            "channel_texts": {"email": words.email_message},
        },
    )


def join_form(text: str = "Takes half a minute. No password needed.") -> tuple[str, dict[str, Any]]:
    return ("join_form", {"heading": "Get your own link", "text": text, "button": "Get my link"})


def portal(words: Words, *more: tuple[str, dict[str, Any]]) -> Stream:
    """A referrer's own page; ``more`` stands between what they have reached and the lists of it."""
    return [
        (
            "hero",
            {
                "speaks_to": "referrer",
                "greeting": False,
                "heading": words.portal_heading,
                "text": words.portal_text,
                "show_offer": False,
                "action_text": "Pass it on",
                "action_aim": "share_page",
            },
        ),
        ("stats", {"heading": "So far"}),
        *more,
        ("rewards_table", {"heading": "Your rewards"}),
        ("friends_list", {"heading": "Your friends"}),
        ("my_settings", {"heading": "Your settings"}),
    ]


def terms_page(*questions: dict[str, str]) -> Stream:
    return [
        ("terms", {"heading": "The terms, in full", "collapsed": False}),
        ("faq", {"heading": "The same in short", "questions": list(questions)}),
    ]


def question(asked: str, answer: str) -> dict[str, str]:
    return {"question": asked, "answer": answer}


def home_body(pictures: Pictures, neighbours: int, businesses: int, software: int) -> Stream:
    """The front page: that all of it is imagined, and the way to each programme (given by its id)."""

    def doors(program: int, friend: str, customer: str) -> Stream:
        see = {"program": program, "sticky": False}
        return [
            ("cta_bar", {**see, "text": friend, "action_text": "Be the friend", "action_aim": "landing_page"}),
            ("cta_bar", {**see, "text": customer, "action_text": "Be the customer", "action_aim": "share_page"}),
        ]

    return [
        (
            "hero",
            {
                "speaks_to": "referrer",
                "greeting": False,
                "heading": "Two businesses that never existed",
                "text": "Demo data: a window cleaner and an invoicing tool, imagined to show what a referral "
                "programme can look like. Every name, quote and figure is made up.",
                "image": pictures["street"],
                "show_offer": False,
                "action_text": "",
            },
        ),
        (
            "offer_cards",
            {
                "program": neighbours,
                "speaks_to": "referrer",
                "heading": "Wren Lane Windows: bring a neighbour",
                "text": "An imagined window cleaner thanks its customers with gift cards.",
                "show_details": False,
            },
        ),
        *doors(neighbours, "A neighbour has sent you a link.", "Your windows shine, and next door’s do not."),
        (
            "offer_cards",
            {
                "program": businesses,
                "speaks_to": "referrer",
                "heading": "Wren Lane Windows: bring a business",
                "text": "The same cleaner, for shops and offices, until the season ends: paid through Stripe and Runa.",
                "show_details": False,
            },
        ),
        *doors(businesses, "Somebody has recommended us for your shop.", "You know a shop with dusty windows."),
        (
            "offer_cards",
            {
                "program": software,
                "speaks_to": "referrer",
                "heading": "Tallyfinch: give credit, get credit",
                "text": "An imagined invoicing tool in another theme: account credit, milestones and points.",
                "show_details": False,
            },
        ),
        *doors(software, "Somebody who invoices with Tallyfinch has sent you a link.", "You invoice with Tallyfinch."),
    ]
