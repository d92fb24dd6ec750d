"""A production start with exactly the environment that the README lists."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VALUES = {
    "SECRET_KEY": "".join(map(chr, range(48, 122))),
    "ALLOWED_HOSTS": "refer.example.com",
    "DATABASE_URL": "sqlite:////tmp/never-opened.sqlite3",
    "BASE_URL": "https://refer.example.com",
    "DEFAULT_FROM_EMAIL": "hello@refer.example.com",
}


def required() -> list[str]:
    """The variables that the README's table marks as required."""
    return re.findall(r"^\| `([A-Z_]+)` \| yes \|", (ROOT / "README.md").read_text(), re.MULTILINE)


def check_deploy(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "cms.settings.production",
        **environment,
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_the_readme_lists_what_is_required():
    assert sorted(required()) == sorted(VALUES)


def test_the_deployment_check_is_clean():
    result = check_deploy(VALUES)
    assert (result.returncode, result.stderr.strip()) == (0, "")
    assert "no issues (0 silenced)" in result.stdout


@pytest.mark.parametrize("name", sorted(VALUES))
def test_an_empty_variable_is_named(name):
    result = check_deploy({**VALUES, name: ""})
    assert result.returncode != 0
    assert name in result.stderr.strip().splitlines()[-1]


def test_a_database_address_that_is_none_is_named():
    result = check_deploy({**VALUES, "DATABASE_URL": "nonsense"})
    assert result.returncode != 0
    assert "DATABASE_URL" in result.stderr.strip().splitlines()[-1]


def test_a_mail_service_comes_from_the_environment():
    service = {"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend", "ANYMAIL": '{"POSTMARK_SERVER_TOKEN": "t"}'}
    result = check_deploy({**VALUES, **service})
    assert (result.returncode, result.stderr.strip()) == (0, "")


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_missing_variable_is_named(name):
    result = check_deploy({k: v for k, v in VALUES.items() if k != name})
    assert result.returncode != 0
    assert f"{name}" in result.stderr.strip().splitlines()[-1]
