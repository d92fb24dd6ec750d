"""A developer's machine and the demo: SQLite and files in DATA_DIR, mail as files, no secret to set."""

import secrets

from .base import *
from .base import DATA_DIR, databases, env


def _local_secret() -> str:
    """The key kept in DATA_DIR, made on first use, so that log-ins and queued tasks survive a restart."""
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    file = DATA_DIR / "secret_key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text()


DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env("SECRET_KEY", default=None) or _local_secret()
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DATABASES = databases(f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
PORT = env.int("PORT", default=8000)
WAGTAILADMIN_BASE_URL = f"http://localhost:{PORT}"

EMAIL_BACKEND = env("EMAIL_BACKEND", default="django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="referrals@localhost")

WHITENOISE_USE_FINDERS = True
