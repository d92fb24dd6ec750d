"""What Wren Lane Windows says: an imagined window cleaner, with one programme for neighbours and one for businesses."""

from __future__ import annotations

from .content import PageSet, Pictures, Stream, Words, join_form, portal, question, share_panel, terms_page

NEIGHBOUR_WORDS = Words(
    share_heading="Here is your link",
    share_message="Wren Lane clean our windows and we are happy with them. You get £10 off with my link:",
    email_message="Hello! Wren Lane have cleaned our windows for a while now, and we are happy with them. With my link "
    "your first clean costs £10 less, and I get a gift card:",
    portal_heading="Look what you have started",
    portal_text="Your neighbours, your gift cards, and what each of them still waits for.",
)
BUSINESS_WORDS = Words(
    share_heading="Here is your link",
    share_message="Wren Lane clean our windows and we are happy with them. Here is my link:",
    email_message="Hello! Wren Lane Windows clean our shop front, early and without a fuss. With my link you get a "
    "gift card for the team after the first clean:",
    portal_heading="Your good word, in figures",
    portal_text="The businesses that you recommended, and what you are paid for them.",
)
STEPS_FOR_FRIENDS = [
    {"title": "Leave your details", "text": "Name and e-mail are enough. It takes half a minute."},
    {"title": "We call by", "text": "We agree a day and give you a price before we start."},
    {"title": "You both gain", "text": "Your first clean costs less, and your neighbour gets a gift card."},
]
STEPS_FOR_REFERRERS = [
    {"title": "Get your link", "text": "Join with your e-mail. Your own link is there at once."},
    {"title": "Pass it on", "text": "Send it next door, or let them scan the code over the hedge."},
    {"title": "Choose your card", "text": "Once their first clean is paid for, your gift card is on its way."},
]
STEPS_FOR_BUSINESSES = [
    {"title": "Leave your details", "text": "Your name and an e-mail address are enough."},
    {"title": "We come by", "text": "We look at your shop front and give you a price before we start."},
    {"title": "Your gift card", "text": "Once the first clean is paid for, it is in your inbox."},
]
STEPS_FOR_RECOMMENDERS = [
    {"title": "Get your link", "text": "Join with your e-mail. Your own link is there at once."},
    {"title": "Pass it on", "text": "To the café, the dentist, the office next door."},
    {"title": "Get paid", "text": "Tell our payment provider your bank account once; we never see it."},
]
WHEN_IT_COUNTS = question(
    "When does a neighbour count?",
    "Once their first clean is paid for, within 90 days of leaving their details.",
)
WHO_SEES_MY_NAME = question(
    "Will they read my name?",
    "Your first name, and only if you say so when you join. You can change your mind on your own page.",
)
NO_REAL_MONEY = question(
    "Is any of this real?",
    "No. Wren Lane Windows is imagined, nobody will call, and no real money moves. It is here to be clicked on.",
)


def neighbour_pages(pictures: Pictures) -> PageSet:
    return PageSet(
        landing=_neighbour_landing(pictures),
        share=_neighbour_share(pictures),
        portal=portal(
            NEIGHBOUR_WORDS,
            ("milestone", {"heading": "Your third neighbour", "text": "Three doors make a round. We say so in style."}),
            ("leaderboard", {"heading": "The chattiest streets", "places": 5}),
        ),
        terms=terms_page(WHEN_IT_COUNTS, WHO_SEES_MY_NAME, NO_REAL_MONEY),
    )


def business_pages(pictures: Pictures) -> PageSet:
    return PageSet(
        landing=_business_landing(pictures),
        share=_business_share(pictures),
        portal=portal(BUSINESS_WORDS, ("leaderboard", {"heading": "Who knows the most shops", "places": 5})),
        terms=terms_page(
            question("When am I paid?", "Fourteen days after the first clean is paid for, once we have approved it."),
            question("Who sees my bank account?", "The payment provider alone. We never do."),
            NO_REAL_MONEY,
        ),
    )


def _neighbour_landing(pictures: Pictures) -> Stream:
    """Greets invited friends and takes their details."""
    return [
        (
            "hero",
            {
                "speaks_to": "friend",
                "greeting": True,
                "heading": "Windows so clean, the neighbours talk",
                "text": "Your first clean costs less because somebody on your street already trusts us.",
                "image": pictures["terrace"],
                "show_offer": True,
                "action_text": "Claim my offer",
                "action_aim": "friend_form",
            },
        ),
        (
            "stat_row",
            {
                "stats": [
                    {"figure": "typed", "typed": "4 weeks", "label": "from one clean to the next"},
                    {"figure": "customers", "label": "neighbours brought neighbours", "least": 5},
                    {"figure": "typed", "typed": "0 ladders", "label": "on your flower beds"},
                ]
            },
        ),
        ("steps", {"heading": "How it works", "steps": STEPS_FOR_FRIENDS}),
        (
            "friend_form",
            {
                "heading": "Claim your first clean",
                "text": "We get back to you within one working day to agree a time. Demo data: nobody will call.",
                "fields": [
                    ("phone", {"help_text": "Only if you would rather be called."}),
                    ("text", {"label": "How many windows, roughly?", "help_text": "A guess will do."}),
                ],
                "button": "Claim my offer",
                "thanks_heading": "Thank you, that’s everything!",
                "thanks_text": "We will be in touch within one working day to agree a time.",
            },
        ),
        (
            "testimonials",
            {
                "heading": "What the street says (imagined)",
                "testimonials": [
                    {
                        "quote": "I can see who is at the bus stop again. I am not sure they are pleased.",
                        "name": "Ada Demoson",
                        "role": "Number 12, made up",
                        "photo": pictures["face-ada"],
                    },
                    {
                        "quote": "They come, it shines, they go. My geraniums have never been better lit.",
                        "name": "Bert Mockridge",
                        "role": "Number 9, made up",
                        "photo": pictures["face-bert"],
                    },
                    {
                        "quote": "The cat used to sit in the fog. Now she supervises.",
                        "name": "Cleo Sampleton",
                        "role": "Number 15, made up",
                        "photo": pictures["face-cleo"],
                    },
                ],
            },
        ),
        ("offer_cards", {"heading": "What you both get", "speaks_to": "friend"}),
        (
            "faq",
            {
                "heading": "Before you ask",
                "questions": [
                    question("Do I have to be at home?", "Only the first time, to show us the awkward window."),
                    question("What does it cost?", "We look first and name a price. You decide after that."),
                    question("What if it rains?", "Clean glass stays clean in the rain. If it does not, we come back."),
                    NO_REAL_MONEY,
                ],
            },
        ),
        (
            "refer_by_name",
            {
                "heading": "No link, but a neighbour told you?",
                "text": "Say who it was. We look it up, so that neither of you misses out.",
            },
        ),
        ("terms", {"heading": "The small print", "collapsed": True}),
        ("cta_bar", {"text": "Your first clean costs £10 less.", "action_text": "Claim my offer"}),
    ]


def _neighbour_share(pictures: Pictures) -> Stream:
    """Customers join, get their link and see their rewards."""
    return [
        (
            "hero",
            {
                "speaks_to": "referrer",
                "greeting": False,
                "heading": "Bring a neighbour, both get rewarded",
                "text": "Happy with your windows? Pass us on to the next door along.",
                "image": pictures["neighbours"],
                "show_offer": True,
                "action_text": "Get my link",
                "action_aim": "join_form",
            },
        ),
        share_panel(NEIGHBOUR_WORDS),
        join_form(),
        ("steps", {"heading": "How it works", "steps": STEPS_FOR_REFERRERS}),
        ("milestone", {"heading": "Three doors make a round", "text": "Your third neighbour earns you more."}),
        (
            "leaderboard",
            {"heading": "The chattiest streets", "text": "First names of those who like to be seen.", "places": 5},
        ),
        ("standing", {"heading": "Your friends and rewards"}),
        (
            "members_only",
            {
                "heading": "For those who pass us on",
                "locked_text": "The recipe for our glass water. It opens once you have joined and signed in.",
                "content": [
                    ("text", {"text": "A litre of warm water, a spoon of vinegar, a drop of washing-up liquid. Wipe "
                              "from the top, and never in the sun."}),
                    ("code", {"label": "A free sill wash, with your next clean (demo)", "code": "SILLS-ON-US"}),
                ],
            },
        ),
        ("faq", {"heading": "Questions and answers", "questions": [WHEN_IT_COUNTS, WHO_SEES_MY_NAME, NO_REAL_MONEY]}),
        ("terms", {"heading": "The small print", "collapsed": True}),
    ]  # fmt: skip


def _business_landing(pictures: Pictures) -> Stream:
    """The landing page of the programme that pays through providers."""
    return [
        (
            "hero",
            {
                "speaks_to": "friend",
                "greeting": True,
                "heading": "A shop front that people look into",
                "text": "Somebody who trusts us with their windows thought of yours.",
                "image": pictures["shopfront"],
                "show_offer": True,
                "action_text": "Claim my offer",
                "action_aim": "friend_form",
            },
        ),
        (
            "countdown",
            {
                "heading": "This season only",
                "text": "The gift card is for businesses that leave their details in time.",
            },
        ),
        ("steps", {"heading": "How it works", "steps": STEPS_FOR_BUSINESSES}),
        (
            "friend_form",
            {
                "heading": "Claim your gift card",
                "text": "We get back to you within one working day. Demo data: nobody will call.",
                "fields": [("company", {"label": "Name of the shop"}), ("phone", {})],
                "button": "Claim my offer",
                "thanks_heading": "Thank you, that’s everything!",
                "thanks_text": "We will be in touch within one working day to agree a time.",
            },
        ),
        (
            "code_entry",
            {"heading": "Got a code on paper?", "text": "From a card on the counter: type it here, and it counts."},
        ),
        (
            "faq",
            {
                "heading": "Before you ask",
                "questions": [
                    question("Do you come before we open?", "From six in the morning. You find it done."),
                    question("Which shops is the card for?", "You choose among many when you open it."),
                    NO_REAL_MONEY,
                ],
            },
        ),
        ("terms", {"heading": "The small print", "collapsed": True}),
        ("cta_bar", {"text": "A gift card for the team.", "action_text": "Claim my offer"}),
    ]


def _business_share(pictures: Pictures) -> Stream:
    """The share page of the programme that pays through providers."""
    return [
        (
            "hero",
            {
                "speaks_to": "referrer",
                "greeting": False,
                "heading": "Know a shop with dusty windows?",
                "text": "Recommend us to a business. When it becomes a customer, we pay you in cash.",
                "image": pictures["shopfront"],
                "show_offer": True,
                "action_text": "Get my link",
                "action_aim": "join_form",
            },
        ),
        share_panel(BUSINESS_WORDS),
        join_form(),
        ("steps", {"heading": "How it works", "steps": STEPS_FOR_RECOMMENDERS}),
        ("countdown", {"heading": "This season only", "text": "What you recommend until then is paid for."}),
        ("leaderboard", {"heading": "Who knows the most shops", "places": 5}),
        ("standing", {"heading": "Your recommendations and rewards"}),
        ("terms", {"heading": "The small print", "collapsed": True}),
    ]
