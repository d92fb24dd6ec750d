"""The settings of a stream process that a test starts: the test's own database, and what the test overrides."""

import json
import os

from cms.settings.test import *  # noqa: F403
from cms.settings.test import REFERRAL_BLOCKS

REFERRAL_BLOCKS = {**REFERRAL_BLOCKS, **json.loads(os.environ.get("STREAM_SETTINGS", "{}"))}
