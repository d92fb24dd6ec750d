"""The typed ``REFERRAL_BLOCKS`` setting: every choice of a host site with its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LONGEST_ANSWER = 10.0  # seconds: so long somebody waits who joins, and a thread of the server with them


@dataclass(frozen=True, slots=True)
class Conf:
    """Defaults of every setting; a host overrides single keys of the ``REFERRAL_BLOCKS`` dictionary."""

    # alias → dotted path of a PayoutProvider subclass, or {"path": …, "options": {…}} with arguments of its
    # constructor; the alias is what a reward rule stores, and one provider may stand under several
    PAYOUT_PROVIDERS: Mapping[str, str | Mapping[str, Any]] = field(
        default_factory=lambda: {
            "manual": "referral_blocks.payouts.providers.manual.provider.ManualProvider",
            "points": "referral_blocks.payouts.providers.points.PointsProvider",
            "coupon": "referral_blocks.payouts.providers.coupon.CouponProvider",
        }
    )
    # Seconds: how long a task may talk to a provider before another takes over (above the queue's own time-out), after
    # how long a payout whose task was lost is queued again, and how retries space out: the first wait and the longest.
    PAYOUT_LEASE_SECONDS: int = 600
    PAYOUT_SWEEP_SECONDS: int = 300
    PAYOUT_RETRY_SECONDS: int = 60
    PAYOUT_RETRY_MAX_SECONDS: int = 3600
    # After so many tries without an answer that decides, a payout waits for a person.
    PAYOUT_MAX_TRIES: int = 20
    # Keys that gift cards are encrypted with at rest, newest first: 32 random bytes in URL-safe base64 each. Empty: one
    # derived from SECRET_KEY (and SECRET_KEY_FALLBACKS).
    ENCRYPTION_KEYS: tuple[str, ...] = ()
    # alias → dotted path of a RewardKind subclass
    REWARD_KINDS: Mapping[str, str] = field(
        default_factory=lambda: {
            "fixed": "referral_blocks.rewards.rules.fixed.FixedReward",
            "percentage": "referral_blocks.rewards.rules.percentage.PercentageReward",
        }
    )
    # alias → dotted path of a SaleSource subclass: the kinds of file that sales are imported from
    SALE_SOURCES: Mapping[str, str] = field(
        default_factory=lambda: {"csv": "referral_blocks.sales.sources.csv.source.CsvSource"}
    )
    # alias → dotted path of a Starter: what “New referral programme” offers to begin from, in this order
    STARTERS: Mapping[str, str] = field(
        default_factory=lambda: {
            "gift-cards": "referral_blocks.blocks.starters.gift_cards.STARTER",
            "account-credit": "referral_blocks.blocks.starters.account_credit.STARTER",
            "cash": "referral_blocks.blocks.starters.cash.STARTER",
            "points-club": "referral_blocks.blocks.starters.points_club.STARTER",
            "donation": "referral_blocks.blocks.starters.donation.STARTER",
            "group-deal": "referral_blocks.blocks.starters.group_deal.STARTER",
        }
    )
    # Words that no code chosen by a referrer may hold, also in disguise (0 for O, 1 for I, dashes between)
    VANITY_BLOCKED_WORDS: tuple[str, ...] = (
        "ARSEHOLE", "ASSHOLE", "BASTARD", "BITCH", "FAGGOT", "FUCK", "HITLER", "NIGGER", "PORN", "RAPIST", "WANKER",
        "WHORE",
    )  # fmt: skip
    # alias → dotted path of a FraudCheck subclass, or {"path": …, "options": {…}} with arguments of its constructor
    FRAUD_CHECKS: Mapping[str, str | Mapping[str, Any]] = field(
        default_factory=lambda: {
            "self_referral": "referral_blocks.fraud.checks.self_referral.SelfReferral",
            "duplicate_friend": "referral_blocks.fraud.checks.duplicate_friend.DuplicateFriend",
            "existing_customer": "referral_blocks.fraud.checks.existing_customer.ExistingCustomer",
            "referrer_velocity": "referral_blocks.fraud.checks.referrer_velocity.ReferrerVelocity",
            "ip_velocity": "referral_blocks.fraud.checks.ip_velocity.IpVelocity",
            "disposable_email": "referral_blocks.fraud.checks.disposable_email.DisposableEmail",
            "suspicious_timing": "referral_blocks.fraud.checks.suspicious_timing.SuspiciousTiming",
            "unusual_amount": "referral_blocks.fraud.checks.unusual_amount.UnusualAmount",
            "blocked_list": "referral_blocks.fraud.checks.blocked_list.BlockedList",
        }
    )
    # From which score (0 to 100) a person has to look; and from which a referral is blocked at once: None, never.
    FRAUD_REVIEW_SCORE: int = 50
    FRAUD_BLOCK_SCORE: int | None = None
    # How long a flagged referral may wait before it counts as overdue.
    FRAUD_ESCALATE_HOURS: int = 48
    # How long keyed hashes of network addresses are kept.
    IP_HASH_DAYS: int = 30
    # Days until points expire, from when they were given; None means never.
    POINTS_EXPIRE_DAYS: int | None = None
    # Where counters for rate limits live, as the `limits` library writes it: memory:// or redis://…
    RATE_LIMIT_STORAGE: str = "memory://"
    RATE_LIMITS_ENABLED: bool = True
    # Seconds: who joins or leaves a friend's address is answered after a whole multiple of it, so that no clock tells
    # whether the address was known. More than the work takes on your machine when it is busy; 0: answered at once.
    # Each such call holds a thread of the server meanwhile, and no transaction. The rate limits bound how many come
    # from one network address, and EVEN_ANSWERS_AT_ONCE how many a process answers at once: fewer than its threads, so
    # that pages are served to everybody else; more are asked to try again. 0: as many as there are threads.
    EVEN_ANSWER_SECONDS: float = 0.4
    EVEN_ANSWERS_AT_ONCE: int = 6
    # How many proxies in front append to X-Forwarded-For; 0 means that REMOTE_ADDR is the visitor.
    TRUSTED_PROXIES: int = 0
    # Seconds: how long a sign-in link from a mail works, and how long a referrer stays signed in.
    SIGN_IN_LINK_SECONDS: int = 3 * 24 * 3600
    SIGN_IN_SECONDS: int = 30 * 24 * 3600
    # Seconds for which a shared cache may keep a page that says nothing personal; 0 leaves its headers alone.
    PAGE_CACHE_SECONDS: int = 60
    # Beginnings of the names of cookies that make no page differ. A visitor with any other cookie gets a page of their
    # own: a host that greets by a cookie of its own must not find one visitor's greeting in a shared cache.
    PAGE_CACHE_HARMLESS_COOKIES: tuple[str, ...] = (
        "csrftoken", "_ga", "_gid", "_gat", "_gcl_", "_fbp", "_fbc", "_pk_", "_hj", "_clck", "_clsk", "__utm",
        "_uetsid", "_uetvid", "cookieyes", "CookieConsent", "OptanonConsent", "plausible",
    )  # fmt: skip
    # Seconds: how long the link to a reward’s page works; from an older one its owner can have a new one mailed.
    REWARD_LINK_SECONDS: int = 30 * 24 * 3600
    # How many days the feed of what has happened is kept: so long may whoever follows it be away.
    ACTIVITY_DAYS: int = 30
    # redis://… through which followers of the feed are woken; empty: PostgreSQL’s LISTEN, or the file of SQLite.
    ACTIVITY_REDIS: str = ""
    # Messages to webhook endpoints: how many days they are kept, after how many days without a success an endpoint is
    # switched off, and whether endpoints may be in private networks and without TLS, as on a developer's machine.
    WEBHOOK_DAYS: int = 30
    WEBHOOK_OFF_AFTER_DAYS: int = 5
    WEBHOOK_PRIVATE_NETWORKS: bool = False
    # The API. Seconds that an access token works; a referrer's app gets the next one with its refresh token, until
    # SIGN_IN_SECONDS after the sign-in link.
    API_ACCESS_SECONDS: int = 15 * 60
    # The most that one operation may ask for, and how deep it may nest; what a field costs: docs/reference/graphql.md.
    API_MAX_COST: int = 20_000
    API_MAX_DEPTH: int = 15
    # What a caller may spend, in the same measure: a visitor by network address, an app by sign-in, a server by key; a
    # member of staff who is signed in to the admin as much as a server.
    API_RATE_ANONYMOUS: str = "60000/minute"
    API_RATE_REFERRER: str = "60000/minute"
    API_RATE_KEY: str = "600000/minute"
    # Seconds after which a query is given up, and no further field of a mutation is begun.
    API_TIMEOUT_SECONDS: float = 10.0
    # Whether the schema may be read through the API itself, which GraphiQL and other tools do.
    API_INTROSPECTION: bool = True
    # A JSON file {id: document}, or a folder of *.graphql files, whose documents may be asked for by id or SHA-256; and
    # whether nothing else is accepted.
    API_TRUSTED_DOCUMENTS: str = ""
    API_TRUSTED_ONLY: bool = False
    # Whether clients may register a document under its SHA-256 and then send only that (Apollo's protocol).
    API_AUTOMATIC_PERSISTED_QUERIES: bool = True
    # Whether mutations that move money are refused without the header Idempotency-Key.
    API_REQUIRE_IDEMPOTENCY_KEY: bool = False
    # Streams of a process that serves subscriptions: how many in all and for one caller, and of how many answers a slow
    # reader may be behind before it is cut off.
    API_STREAMS: int = 2_000
    API_STREAMS_PER_CALLER: int = 20
    API_STREAM_BACKLOG: int = 50
    # Seconds: between signs of life on a silent stream, after which its caller is looked at again, after which a stream
    # ends so that its client connects anew, and what beginning one may take.
    API_STREAM_ALIVE_SECONDS: float = 15.0
    API_STREAM_CHECK_SECONDS: float = 15.0
    API_STREAM_MAX_SECONDS: float = 3600.0
    API_STREAM_BEGIN_SECONDS: float = 10.0
    # Threads that answer for all streams of a process; each has a database connection.
    API_STREAM_THREADS: int = 4
    # Host name of a Site, or "*" for every site, → origins whose pages may call its API: ("https://app.example.com",),
    # or ("*",) for all. Cookies never count there: such pages sign in with bearer tokens.
    API_CORS_ORIGINS: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Host name of a Site, or "*" for every site, → pages elsewhere to which its sign-in links may lead back, such as
    # one with <referral-share>: ("https://app.example.com/friends",). With “/” at its end: it and all that is below.
    SIGN_IN_RETURN_ADDRESSES: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def get_conf() -> Conf:
    """The host's choices over the defaults; raises ImproperlyConfigured for a key that does not exist and
    for a value that would do harm."""
    given: dict[str, Any] | None = getattr(settings, "REFERRAL_BLOCKS", None)
    if _kept and _kept[0][0] is given:
        return _kept[0][1]
    conf = _checked(given or {})
    _kept[:] = [(given, conf)]
    return conf


# The setting as it was last seen, and what it meant: it is asked for several times a request.
_kept: list[tuple[dict[str, Any] | None, Conf]] = []


def _checked(given: dict[str, Any]) -> Conf:
    known = {f.name for f in fields(Conf)}
    if unknown := sorted(set(given) - known):
        raise ImproperlyConfigured(
            f"REFERRAL_BLOCKS has no setting {', '.join(unknown)}. Known settings: {', '.join(sorted(known))}."
        )
    conf = Conf(**given)
    # No number (NaN), a negative one and an endless one would let the clock tell, or hold threads for good.
    slot: Any = conf.EVEN_ANSWER_SECONDS
    if not (isinstance(slot, int | float) and 0 <= slot <= LONGEST_ANSWER):
        raise ImproperlyConfigured(
            f"REFERRAL_BLOCKS['EVEN_ANSWER_SECONDS'] has to be between 0 and {LONGEST_ANSWER} seconds, and is {slot!r}."
        )
    return conf
