"""A developer's machine and the demo: SQLite and files in DATA_DIR, mail as files, no secret to set."""

import secrets
import sys

from .base import *
from .base import DATA_DIR, REFERRAL_BLOCKS, databases, env


def _local_secret() -> str:
    """The key kept in DATA_DIR, made on first use, so that log-ins and queued tasks survive a restart."""
    file = DATA_DIR / "secret_key"
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            # Whole or not at all: a start that is broken off must not leave an empty key behind.
            draft = file.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(50))
            draft.replace(file)
        return file.read_text()
    except OSError as error:
        sys.exit(f"The folder {DATA_DIR} cannot be written ({error.strerror}). Choose another one with DATA_DIR=….")


def _port() -> int:
    text = env("PORT", default="8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT has to be a number from 1 to 65535; it is “{text}”.")
    return int(text)


DEBUG = env.bool("DEBUG", default=True)
REFERRAL_BLOCKS = {**REFERRAL_BLOCKS, "WEBHOOK_PRIVATE_NETWORKS": DEBUG}  # receivers on the same machine
SECRET_KEY = env("SECRET_KEY", default=None) or _local_secret()
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DATABASES = databases(DATA_DIR / "db.sqlite3")
PORT = _port()
WAGTAILADMIN_BASE_URL = f"http://localhost:{PORT}"

EMAIL_BACKEND = env("EMAIL_BACKEND", default="django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="referrals@localhost")

WHITENOISE_USE_FINDERS = True
SERVE_MEDIA = True
