"""The production settings with the benchmark's own addresses: the same middleware before either view."""

from cms.settings.production import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.urls"
