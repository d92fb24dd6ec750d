"""The test suite: SQLite in a file, or the PostgreSQL that DATABASE_URL names; nothing leaves the process."""

import tempfile
from pathlib import Path

from .base import *
from .base import REFERRAL_BLOCKS, databases

DEBUG = False
SECRET_KEY = "only-for-tests-" + "x" * 50
ALLOWED_HOSTS = ["*"]
DATA_DIR = Path(tempfile.mkdtemp(prefix="referral-blocks-test-"))
MEDIA_ROOT = DATA_DIR / "media"
DATABASES = databases(DATA_DIR / "db.sqlite3")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file: an in-memory database raises "table is locked" once a second thread reads.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}

WAGTAILADMIN_BASE_URL = "http://localhost:8000"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DEFAULT_FROM_EMAIL = "referrals@example.com"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
REFERRAL_BLOCKS = {
    **REFERRAL_BLOCKS,
    "RATE_LIMIT_STORAGE": "memory://",
    "ACTIVITY_REDIS": "",
    "RATE_LIMITS_ENABLED": False,
    "EVEN_ANSWER_SECONDS": 0,
}
