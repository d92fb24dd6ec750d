"""What every environment of the host site shares; holds no secret and assumes no machine."""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

INSTALLED_APPS = [
    "cms.pages",
    "cms.demo",
    "referral_blocks",
    "graphql_api",
    "themes.paper",
    "themes.signal",
    "themes.street",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "django_q",
    "strawberry_django",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cms.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "cms" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# One writer at a time, readers never wait: see docs/adr/0003-sqlite-and-postgresql.md. FULL, not NORMAL: a payout that
# was recorded must survive a power cut, not only a crash.
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=67108864;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY;"
    ),
}


def required(name: str) -> str:
    """The variable's value; raises ImproperlyConfigured with its name when it is missing or empty."""
    value: str = env(name, default="")
    if not value:
        raise ImproperlyConfigured(f"Set the {name} environment variable")
    return value


def databases(sqlite_file: Path | None = None) -> dict[str, dict]:
    """The DATABASES setting from DATABASE_URL, or SQLite in ``sqlite_file``; raises where neither is given."""
    if sqlite_file and not env("DATABASE_URL", default=""):
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(sqlite_file)}
    else:
        required("DATABASE_URL")
        database = env.db_url("DATABASE_URL")
    if not database.get("ENGINE"):
        raise ImproperlyConfigured("DATABASE_URL has to look like postgresql://user:password@host/name")
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = dict(SQLITE_OPTIONS)
    else:
        database.setdefault("CONN_MAX_AGE", 600)
        database["CONN_HEALTH_CHECKS"] = True
    return {"default": database}


REDIS_URL = env("REDIS_URL", default="")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# The ORM broker on the same database makes an enqueue part of the transaction; the numbers are explained in
# docs/adr/0004-task-queue.md.
Q_CLUSTER = {
    "name": "referral_blocks",
    "orm": "default",
    "workers": 2,
    "queue_limit": 2,
    "bulk": 1,
    "timeout": 120,
    "retry": 900,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 1000,
    "recycle": 200,
    "max_rss": 400_000,
    "poll": 0.2,
}

LANGUAGE_CODE = env("LANGUAGE_CODE", default="en")
TIME_ZONE = env("TIME_ZONE", default="UTC")
USE_I18N = USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "cms" / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
SERVE_MEDIA = False  # in production the web server or a bucket does it

# Strict for visitors: nothing inline, nothing from elsewhere. cms/csp.py says what Wagtail’s admin needs on top.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"  # only for browsers that do not know frame-ancestors, which admits Wagtail’s previews

EMAIL_TIMEOUT = 30  # seconds: a mail server that hangs must not hold a worker
ANYMAIL = env.json("ANYMAIL", default={})  # the settings of a mail service, where EMAIL_BACKEND is one of anymail's

WAGTAIL_SITE_NAME = env("SITE_NAME", default="Referral Blocks")
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None


def payout_providers() -> dict[str, str | dict]:
    """What pays in the house, and Stripe and Runa where their keys are given; see docs/how-to/run-in-production.md."""
    plugs = "referral_blocks.payouts.providers."
    chosen: dict[str, str | dict] = {
        "manual": plugs + "manual.provider.ManualProvider",
        "points": plugs + "points.PointsProvider",
        "coupon": plugs + "coupon.CouponProvider",
    }
    if key := env("STRIPE_SECRET_KEY", default=""):
        stripe = {
            "api_key": key,
            "webhook_secret": env.list("STRIPE_WEBHOOK_SECRETS", default=[]),
            "api_url": env("STRIPE_API_URL", default=""),
            "country": env("STRIPE_COUNTRY", default=""),
        }
        for alias, name in (
            ("stripe", "transfers.StripeTransfers"),
            ("stripe_credit", "credit.StripeCredit"),
            ("stripe_code", "promotion.StripePromotionCode"),
        ):
            chosen[alias] = {"path": f"{plugs}stripe.{name}", "options": stripe}
    if key := env("RUNA_API_KEY", default=""):
        runa = {"api_key": key, "webhook_secret": env.list("RUNA_WEBHOOK_SECRETS", default=[])}
        if url := env("RUNA_API_URL", default=""):
            runa["base_url"] = url
        chosen["runa"] = {"path": plugs + "runa.provider.RunaGiftCards", "options": runa}
    return chosen


REFERRAL_BLOCKS = {
    "PAYOUT_PROVIDERS": payout_providers(),
    "ENCRYPTION_KEYS": tuple(env.list("ENCRYPTION_KEYS", default=[])),
    "RATE_LIMIT_STORAGE": REDIS_URL or "memory://",
    "ACTIVITY_REDIS": REDIS_URL,
    "TRUSTED_PROXIES": env.int("TRUSTED_PROXIES", default=0),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # Each enqueue, index update and edited page says so at INFO; that is no news, and edits are in Wagtail's history.
    "loggers": {name: {"level": "WARNING"} for name in ("django-q", "django_tasks", "wagtail")},
}
