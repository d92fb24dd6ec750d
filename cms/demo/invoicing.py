"""What Tallyfinch says: an imagined invoicing tool that pays both sides in account credit."""

from __future__ import annotations

from .content import PageSet, Pictures, Stream, Words, join_form, portal, question, share_panel, terms_page

WORDS = Words(
    share_heading="Your link is live",
    share_message="I send my invoices with Tallyfinch. We both get €40 in credit when you go Pro:",
    email_message="I have sent my invoices with Tallyfinch for a while, and they get paid. With my link you start with "
    "€40 in credit once you go Pro, and so do I:",
    portal_heading="Your credit, line by line",
    portal_text="What your links have brought, what is booked, and what is still on its way.",
)
STEPS_FOR_FRIENDS = [
    {"title": "Start a trial", "text": "Thirty days, every feature, no card."},
    {"title": "Send an invoice", "text": "Most people do so in the first ten minutes."},
    {"title": "Go Pro", "text": "€40 comes off your first bill, and off theirs."},
]
STEPS_FOR_REFERRERS = [
    {"title": "Get a link", "text": "One e-mail address, no password. The link is there at once."},
    {"title": "Drop it somewhere", "text": "In a chat, in your footer, at the end of a talk."},
    {"title": "Watch your bill", "text": "Each friend who goes Pro takes €40 off it, by itself."},
]
HOW_CREDIT_WORKS = question(
    "How does the credit reach my bill?",
    "It is booked on your account’s balance, and the next invoice uses it up. What is left stays for the one after.",
)
NO_REAL_MONEY = question(
    "Does Tallyfinch exist?",
    "No. The tool, its people and its figures are imagined. The credit is booked at a stand-in on this machine.",
)
HOOKS = question(
    "Can I see it from code?",
    "Yes: the programme has a GraphQL API and signed webhooks. This demo answers on /graphql/ with the key that it "
    "printed when it started.",
)


def credit_pages(pictures: Pictures) -> PageSet:
    return PageSet(
        landing=_landing(pictures),
        share=_share(pictures),
        portal=portal(
            WORDS,
            (
                "milestone",
                {"heading": "Next release", "text": "Milestones are booked beside the credit of each friend."},
            ),
            ("points", {"heading": "Your points", "button": "Exchange"}),
        ),
        terms=terms_page(
            question("When is credit booked?", "Yours at once when you go Pro; your friend’s fourteen days later."),
            question("Does it expire?", "No. It leaves with the account, and is not paid out in cash."),
            NO_REAL_MONEY,
        ),
    )


def _landing(pictures: Pictures) -> Stream:
    return [
        (
            "hero",
            {
                "speaks_to": "friend",
                "greeting": True,
                "heading": "Invoices that get paid. €40 to begin with.",
                "text": "Tallyfinch writes, sends and chases your invoices. Start by invitation, and your first "
                "bill is €40 lighter.",
                "image": pictures["product"],
                "show_offer": False,
                "action_text": "Start with credit",
                "action_aim": "friend_form",
            },
        ),
        (
            "stat_row",
            {
                "stats": [
                    {"figure": "typed", "typed": "11 days", "label": "until the average invoice is paid (made up)"},
                    {"figure": "friends", "label": "came by invitation", "least": 5},
                    {"figure": "typed", "typed": "0", "label": "spreadsheets"},
                ]
            },
        ),
        ("steps", {"heading": "Three commits", "steps": STEPS_FOR_FRIENDS}),
        (
            "friend_form",
            {
                "heading": "Claim your credit",
                "text": "We set your trial up with the credit attached. Demo data: there is no trial.",
                "fields": [
                    ("company", {"label": "Company or trade name"}),
                    ("text", {"label": "What do you invoice with today?", "help_text": "We import from most of them."}),
                ],
                "button": "Claim my credit",
                "thanks_heading": "Thank you, you are on the list.",
                "thanks_text": "Your trial starts with the next mail. The credit waits on the account.",
            },
        ),
        (
            "testimonials",
            {
                "heading": "Imagined people, imagined praise",
                "testimonials": [
                    {
                        "quote": "I invoiced on the train, and the client had paid before my stop.",
                        "name": "Juno Placeholder",
                        "role": "Illustrator, made up",
                        "photo": pictures["face-juno"],
                    },
                    {
                        "quote": "The reminders are politer than I am. They also work.",
                        "name": "Kofi Stubbs",
                        "role": "Back-end for hire, made up",
                        "photo": pictures["face-kofi"],
                    },
                    {
                        "quote": "I read the API docs for fun. That should tell you something.",
                        "name": "Lior Fixture",
                        "role": "Studio of two, made up",
                        "photo": pictures["face-lior"],
                    },
                ],
            },
        ),
        ("offer_cards", {"heading": "Both accounts, credited", "speaks_to": "friend"}),
        (
            "faq",
            {
                "heading": "Read me",
                "questions": [
                    HOW_CREDIT_WORKS,
                    question(
                        "How do you know who invited me?",
                        "By a signed token in the link, or by a code that you type. No third party is asked, and the "
                        "cookie is ours alone.",
                    ),
                    question("What if I cancel in the trial?", "Nothing is booked, and nobody owes anybody anything."),
                    HOOKS,
                    NO_REAL_MONEY,
                ],
            },
        ),
        ("code_entry", {"heading": "Have a code?", "text": "Type it, and the credit is yours to claim."}),
        ("terms", {"heading": "Terms", "collapsed": True}),
        ("cta_bar", {"text": "€40 off your first bill.", "action_text": "Start with credit"}),
    ]


def _share(pictures: Pictures) -> Stream:
    return [
        (
            "hero",
            {
                "speaks_to": "referrer",
                "greeting": False,
                "heading": "Give €40. Get €40. Ship nothing.",
                "text": "Every friend who goes Pro on Tallyfinch takes €40 off their bill and €40 off yours.",
                "image": pictures["credit"],
                "show_offer": False,
                "action_text": "Get my link",
                "action_aim": "join_form",
            },
        ),
        share_panel(WORDS),
        join_form("The address that you bill with. No password needed."),
        ("steps", {"heading": "How it works", "steps": STEPS_FOR_REFERRERS}),
        ("milestone", {"heading": "Milestones", "text": "They come on top of the €40 for each friend."}),
        ("leaderboard", {"heading": "Top of the log", "text": "Opt-in, first names only.", "places": 5}),
        ("standing", {"heading": "Your friends and credit"}),
        (
            "members_only",
            {
                "heading": "Changelog, a week early",
                "friends_needed": 2,
                "locked_text": "For members who brought two customers: what we ship next, before we ship it.",
                "content": [
                    ("text", {"text": "Next: recurring invoices with seats that change mid-month. Imagined, like the "
                              "rest, and well tested."}),
                    ("code", {"label": "Switch it on (demo)", "code": "finch --early"}),
                ],
            },
        ),
        ("faq", {"heading": "Read me", "questions": [HOW_CREDIT_WORKS, HOOKS, NO_REAL_MONEY]}),
        ("terms", {"heading": "Terms", "collapsed": True}),
    ]  # fmt: skip
