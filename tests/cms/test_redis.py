"""With REDIS_URL, cache and rate limits are shared by all processes."""

import os
import subprocess
import sys

from tests.processes import ROOT, running_redis

PROGRAM = """
import django; django.setup()
from django.core.cache import cache
from referral_blocks.core.errors import DomainError
from referral_blocks.core.ratelimit import check_rate
print(cache.get("left-by-another-process"))
cache.set("left-by-another-process", "here")
try:
    check_rate("join", "caller", limit="1/minute")
    print("allowed")
except DomainError as error:
    print(error.code)
"""


def run(url: str, data: str) -> list[str]:
    env = {**os.environ, "REDIS_URL": url, "DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "cms.settings.dev"}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return result.stdout.split()


def test_two_processes_share_cache_and_rate_limits(tmp_path):
    with running_redis() as url:
        assert run(url, str(tmp_path)) == ["None", "allowed"]
        assert run(url, str(tmp_path)) == ["here", "rate_limited"]
