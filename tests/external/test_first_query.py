"""The quick start works as it is written: its files are written down, its commands run, against a live server."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from django.core import mail

from referral_blocks.emails import services
from referral_blocks.emails.models import Email
from referral_blocks.flows.record_sale import record_sale
from referral_blocks.flows.request_login_link import request_login_link
from referral_blocks.links.models import ReferralLink
from tests.browser import chromium
from tests.mailbox import look_up
from tests.make import make_program, make_referral

from .node import HERE, NODE, packages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
TUTORIAL = HERE.parents[1] / "docs" / "tutorial" / "first-query.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?://|#) ([\w./-]+)\n")
API = "http://localhost:8000/graphql/"
PROGRAMS = {
    "npx graphql-codegen": "@graphql-codegen/cli/esm/bin.js",
    "npx tsc": "typescript/bin/tsc",
}


@pytest.fixture
def written(tmp_path, live_server):
    """The tutorial's files in an empty folder, for this server instead of the demo's; and its commands."""
    commands = []
    for language, code in FENCE.findall(TUTORIAL.read_text()):
        if language == "sh":
            commands += code.splitlines()
            continue
        name = NAMED.match(code).group(1)
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(code.partition("\n")[2].replace(API, live_server.url + "/graphql/"))
    (tmp_path / "node_modules").symlink_to(packages())
    return tmp_path, commands


def run(folder: Path, command: str) -> str:
    """What the command prints; fails the test when it does."""
    for named, script in PROGRAMS.items():
        command = command.replace(named, f"node {packages() / script}")
    words = command.split()
    assert words[0] == "node", command
    done = subprocess.run([NODE, *words[1:]], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def mailed_token(kind: str) -> str:
    """The token of the last link that was mailed."""
    services.send_email(email_id=Email.objects.filter(kind=kind).latest("pk").pk)
    return mail.outbox[-1].body.split("/sign-in/")[1].split("/")[0]


def test_every_file_and_every_command_of_the_quick_start_runs(written):
    folder, commands = written
    program = make_program(slug="bring-a-neighbour")
    left = [command for command in commands if not command.startswith("npm install")]

    def next_one(**given: str) -> str:
        command = left.pop(0)
        for name, value in given.items():
            command = command.replace(f"<{name}>", value)
        return run(folder, command)

    assert next_one() == (
        "Bring a neighbour (open)\n- REFERRER: £20 gift, with your friend’s first purchase\n"
        "- FRIEND: £10 off, with your first purchase\n"
    )
    assert next_one() == "email: “not-an-address” is not an e-mail address. Check it for typing errors.\n"
    assert ReferralLink.objects.count() == 0
    assert next_one() == "Joined Bring a neighbour: look into your mail.\n"
    link = ReferralLink.objects.get()
    assert link.referrer.person.email == "robin@example.com"
    make_referral(program, link=link)
    record_sale(
        program=program, source="api", external_id="A-1", friend_email="friend@example.com", amount="50", currency="GBP"
    )
    assert next_one(token=mailed_token("welcome")) == (
        f"Hello Robin, share http://localhost/r/{link.code}/\n1 friends, £0.00 earned\n"
        "- £20 gift: The waiting time for returns is not over\n"
    )
    next_one()  # types from the schema that is served
    assert next_one() == ""  # the compiler has nothing to say
    request_login_link(program=program, email="robin@example.com")
    assert look_up() == 1
    assert next_one(token=mailed_token("sign_in")) == (
        f"Share http://localhost/r/{link.code}/\n1 friends, £0.00 earned\n- £20 gift: waiting\n"
    )
    assert left == []


def test_the_packages_to_install_are_those_that_are_tested(written):
    _folder, commands = written
    (install,) = [command for command in commands if command.startswith("npm install")]
    tested = json.loads((HERE / "package.json").read_text())
    assert [name for name in install.split()[3:] if name not in tested["devDependencies"]] == []
    given = json.loads((_folder / "package.json").read_text())
    assert given["overrides"] == tested["overrides"]


def test_the_same_code_runs_in_a_browser(written, live_server):
    folder, _commands = written
    make_program(slug="bring-a-neighbour")
    code = "".join((folder / name).read_text() for name in ("api.mjs", "landing.mjs"))
    code = re.sub(r"^import .*\n|^export ", "", code, flags=re.MULTILINE)
    said = []
    with chromium() as browser:
        tab = browser.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.goto(live_server.url + "/graphql/")
        tab.evaluate(f"async () => {{ {code} }}")
    assert "Bring a neighbour (open)" in said


def test_a_refused_sign_in_says_so(written):
    folder, _commands = written
    make_program(slug="bring-a-neighbour")
    done = subprocess.run([NODE, "dashboard.mjs", "made-up"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Error: " in done.stderr
