"""The bodies of a landing and a share page, small and always the same, whatever the demo shows."""

from __future__ import annotations

from typing import Any

Stream = list[tuple[str, dict[str, Any]]]

STEPS_FOR_FRIENDS = [
    {"title": "Leave your details", "text": "Name and e-mail are enough. It takes half a minute."},
    {"title": "We call by", "text": "We agree a day and give you a price before we start."},
    {"title": "You both get something", "text": "Your first clean costs less, and your neighbour gets a thank-you."},
]
STEPS_FOR_REFERRERS = [
    {"title": "Get your link", "text": "Join with your e-mail. Your own link is there at once."},
    {"title": "Pass it on", "text": "Send it to a neighbour, or let them scan the code."},
    {"title": "We say thank you", "text": "Once their first clean is done, your reward is on its way."},
]


def landing_body() -> Stream:
    """The landing page: greets invited friends and takes their details."""
    return [
        (
            "hero",
            {
                "speaks_to": "friend",
                "greeting": True,
                "heading": "Windows so clean, the neighbours talk",
                "text": "Your first clean costs less because somebody on your street already trusts us.",
                "show_offer": True,
                "action_text": "Claim my offer",
                "action_aim": "friend_form",
            },
        ),
        ("steps", {"heading": "How it works", "steps": STEPS_FOR_FRIENDS}),
        (
            "friend_form",
            {
                "heading": "Claim your first clean",
                "text": "We get back to you within one working day to agree a time. Demo data: nobody will call.",
                "button": "Claim my offer",
                "thanks_heading": "Thank you, that’s everything!",
                "thanks_text": "We will be in touch within one working day to agree a time.",
            },
        ),
        ("terms", {"heading": "The small print", "collapsed": True}),
    ]


def share_body() -> Stream:
    """The share page: customers join, get their link and see their rewards."""
    return [
        (
            "hero",
            {
                "speaks_to": "referrer",
                "greeting": False,
                "heading": "Bring a neighbour, both get rewarded",
                "text": "Happy with your windows? Pass us on to the next door along.",
                "show_offer": True,
                "action_text": "Get my link",
                "action_aim": "join_form",
            },
        ),
        (
            "share_panel",
            {
                "heading": "Here is your link",
                "text": "Everybody who comes through it counts for you.",
                "message": "These people clean our windows and we are happy with them. You get money off with my link:",
                "show_qr": True,
            },
        ),
        (
            "join_form",
            {
                "heading": "Get your own link",
                "text": "Takes half a minute. No password needed.",
                "button": "Get my link",
            },
        ),
        ("standing", {"heading": "Your friends and rewards"}),
        ("steps", {"heading": "How it works", "steps": STEPS_FOR_REFERRERS}),
        ("terms", {"heading": "The small print", "collapsed": True}),
    ]
