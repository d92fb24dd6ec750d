"""The how-to for servers does what it says: its command is run as it stands, by a shell, against a live server."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from referral_blocks.access.services import create_api_key
from referral_blocks.referrals.models import Referral
from referral_blocks.sales.models import Sale
from tests.make import make_link, make_program

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]
HOW_TO = (Path(__file__).parents[3] / "docs/how-to/call-the-api-from-a-server.md").read_text()


def test_the_command_records_a_sale_and_once_only(live_server):
    link = make_link(make_program(slug="bring-a-neighbour"))
    setting, command = re.search(r"```sh\n(export .*?)\n(.*?)```", HOW_TO, re.DOTALL).groups()
    key = create_api_key(site_id=link.referrer.program.site_id, name="Till")[1]
    given = {"GRAPHQL_URL": f"{live_server.url}/graphql/", "API_KEY": key, "CODE": link.code}
    assert set(re.findall(r"(\w+)=", setting)) == set(given)

    first, second = (
        subprocess.run(["bash", "-c", command], env={**os.environ, **given}, capture_output=True, check=True).stdout
        for _time in range(2)
    )

    answer = json.loads(first)["data"]["recordSale"]
    assert (answer["errors"], answer["alreadyRecorded"]) == ([], False)
    assert answer["sale"]["amount"] == {"formatted": "£149.00"}
    assert json.loads(second)["data"]["recordSale"] == answer
    assert Sale.objects.get().external_id == "invoice-1"
    assert Referral.objects.get().friend.email == "kim@example.com"
