"""The demo's site as a fuzzer meets it: nothing is refused for coming often, and what each request writes is told."""

from cms.settings.dev import *  # noqa: F403
from cms.settings.dev import MIDDLEWARE, REFERRAL_BLOCKS

REFERRAL_BLOCKS = {
    **REFERRAL_BLOCKS,
    "RATE_LIMITS_ENABLED": False,
    "EVEN_ANSWER_SECONDS": 0,
    "API_ACCESS_SECONDS": 24 * 3600,
}
MIDDLEWARE = ["tests.external.written.ToldWrites", *MIDDLEWARE]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
