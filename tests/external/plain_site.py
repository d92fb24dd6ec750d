"""A new Wagtail project in an environment of its own that gets the plugin from its wheel by the README's words."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.browser import missing

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
HOW_TO = ROOT / "docs" / "how-to" / "add-to-a-site.md"
FENCE = re.compile(r"^( *)```(?:python|html)\n\1(?:# |\{# )(\S+)(?: #\})?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^ *python (manage\.py [^#\n]+)$", re.MULTILINE)
# How pip says that it cannot reach its index.
OFFLINE = re.compile(r"No matching distribution|Could not find a version|onnection|Temporary failure|timed out", re.I)
PAGES_OF_WAGTAIL = '    path("", include(wagtail_urls)),'
PASSWORD = "only-for-this-test-1"
# What the README does not say because every production site has it.
SERVED = """from .production import *
SECRET_KEY = "only-for-this-test-" + "x" * 50
ALLOWED_HOSTS = ["127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = BASE_DIR / "mail"
"""


@dataclass(frozen=True, slots=True)
class PlainSite:
    """``folder`` holds its manage.py, ``wheel`` is what was installed, ``port`` is where it will be served."""

    folder: Path
    python: Path
    wheel: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """What the command prints; fails the test when it does."""
        return run(str(self.python), "manage.py", *arguments, cwd=self.folder)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen]:
        """A command of manage.py that runs on, until the block ends."""
        process = subprocess.Popen(
            [str(self.python), "manage.py", *arguments],
            cwd=self.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def build_site(folder: Path) -> PlainSite:
    """Build and install the wheel, start a project, and do what README and how-to say; skips without an index."""
    env = folder / "env"
    run("bash", str(ROOT / ".ci" / "venv"), str(env), cwd=folder)
    python = env / "bin" / "python"
    pip = [str(python), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        pip = [(env / ".made-by").read_text().strip(), "-m", "pip", "--python", str(python)]
    with_index(*pip, "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT), cwd=folder)
    wheel = next(folder.glob("*.whl"))
    pinned = folder / "constraints.txt"
    # A constraint with a hash would ask for one of the wheel, too.
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pinned.write_text("\n".join(line.removesuffix(" \\") for line in lines if line[:1].strip() not in ("", "#")))
    with_index(*pip, "install", "-q", "--disable-pip-version-check", "-c", str(pinned), str(wheel), cwd=folder)
    run(str(env / "bin" / "wagtail"), "start", "mysite", cwd=folder)
    site = PlainSite(folder / "mysite", python, wheel, free_port())
    (site.folder / "mysite" / "settings" / "served.py").write_text(SERVED)
    follow_documents(site)
    return site


def follow_documents(site: PlainSite) -> None:
    """Write what the code of README and how-to says into the files that it names, and run their commands."""
    steps = readme_steps()
    for file, code in code_of(steps):
        target = site.folder / file
        text = target.read_text()
        if target.name == "urls.py":
            assert PAGES_OF_WAGTAIL in text
            target.write_text(text.replace(PAGES_OF_WAGTAIL, f"{code}{PAGES_OF_WAGTAIL}"))
        else:
            target.write_text(f"{text}\n{code}")
    began: set[str] = set()  # the how-to replaces a file of Wagtail's, and goes on in it further down
    for file, code in code_of(HOW_TO.read_text()):
        with (site.folder / file).open("a" if file in began else "w") as target:
            target.write(code)
        began.add(file)
    told = [*COMMAND.findall(steps), *COMMAND.findall(HOW_TO.read_text())]
    for command in told:
        words = command.split()[1:]
        if words != ["referral_worker"]:  # it runs until it is stopped; the test starts it where it needs it
            site.manage(*words)


def readme_steps() -> str:
    """The README's section on how to add the plugin."""
    text = README.read_text()
    return text[text.index("## Add it to your Wagtail site") : text.index("## Run it for real")]


def code_of(text: str) -> list[tuple[str, str]]:
    """File and code of each example that opens with a file's name."""
    found = []
    for indent, file, code in FENCE.findall(text):
        found.append((file, "".join(line.removeprefix(indent) for line in code.splitlines(keepends=True))))
    return found


def wheel_names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def environment() -> dict[str, str]:
    """This process's, without what belongs to the tests of the repository."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("DJANGO_", "DATABASE_", "PYTHON", "PYTEST", "VIRTUAL_"))
    }
    return {**kept, "DJANGO_SETTINGS_MODULE": "mysite.settings.served", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout + done.stderr


def with_index(*command: str, cwd: Path) -> None:
    """Run pip; skips the test where it has no network."""
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=240, check=False)
    if done.returncode and OFFLINE.search(done.stderr):
        missing(f"pip reaches no index: {done.stderr.strip().splitlines()[-1]}")
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stderr[-4000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, *, seconds: float = 30) -> None:
    """Until the address answers, whatever it says."""
    until = time.monotonic() + seconds
    while True:
        try:
            requests.get(url, timeout=5)
            return
        except requests.ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
