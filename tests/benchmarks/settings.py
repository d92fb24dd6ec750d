"""The production settings with the benchmark's own addresses: the same middleware before either view."""

from pathlib import Path

from cms.settings.production import *  # noqa: F403
from cms.settings.production import REFERRAL_BLOCKS

ROOT_URLCONF = "tests.benchmarks.urls"
REFERRAL_BLOCKS = {
    **REFERRAL_BLOCKS,
    "API_TRUSTED_DOCUMENTS": str(Path(__file__).with_name("documents")),
    # Counted as ever, and never reached.
    "API_RATE_REFERRER": "1000000000/minute",
    "API_RATE_KEY": "1000000000/minute",
}
