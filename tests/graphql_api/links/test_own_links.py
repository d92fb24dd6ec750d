"""A referrer's links: what they see of them, choosing a code, passing one on."""

import pytest

from graphql_api.links.types import ShareChannel
from referral_blocks.links.channels import CHANNELS
from referral_blocks.links.models import ReferralLink, ShareEvent, Visit
from referral_blocks.links.services import add_visit, claim_code
from referral_blocks.programs.models import ProgramStatus
from tests.graphql_api.ask import data
from tests.graphql_api.signed_in import refused_without_mailbox, sign_in
from tests.make import make_link, make_program

pytestmark = pytest.mark.django_db
LINKS = """{ viewer { links { totalCount edges { node {
  id code url qrSvgUrl isPrimary isExpired expiresAt createdAt visits } } } } }"""
CREATE = """mutation ($input: CreateLinkInput!) { createLink(input: $input) {
  link { code isPrimary visits url } errors { code path message } } }"""
SHARE = """mutation ($input: RecordShareInput!) { recordShare(input: $input) {
  counted address link { code } errors { code path } } }"""


def create(client, code):
    return data(client, CREATE, {"input": {"code": code}})["createLink"]


def share(client, **given):
    return data(client, SHARE, {"input": given})["recordShare"]


def visit(link, times):
    for _ in range(times):
        add_visit(link=link, program_id=link.referrer.program_id, ip_hash="")


def test_a_referrer_sees_all_their_links_with_their_visits(client):
    old = make_link(make_program())
    new, _created = claim_code(referrer=old.referrer, code="ROBIN")
    visit(old, 2)
    visit(new, 1)
    visit(make_link(old.referrer.program, email="other@example.com"), 3)
    sign_in(client, old)
    links = data(client, LINKS)["viewer"]["links"]
    shown = [(e["node"]["code"], e["node"]["isPrimary"], e["node"]["visits"]) for e in links["edges"]]
    assert (links["totalCount"], shown) == (2, [("ROBIN", True, 1), (old.code, False, 2)])
    assert links["edges"][0]["node"]["url"] == f"{old.referrer.program.site.root_url}/r/ROBIN/"
    assert links["edges"][0]["node"]["isExpired"] is False


@pytest.mark.parametrize("number", [1, 10, 100])
def test_links_cost_the_same_however_many(client, django_assert_num_queries, number):
    link = make_link(make_program())
    for n in range(number - 1):
        made = ReferralLink.objects.create(referrer=link.referrer, code=f"CODE{n}", is_primary=False)
        Visit.objects.create(link=made, program=link.referrer.program)
    sign_in(client, link)
    data(client, LINKS)  # fills the cache of sites
    with django_assert_num_queries(4):
        assert len(data(client, LINKS)["viewer"]["links"]["edges"]) == number


def test_a_referrer_chooses_a_code(client):
    link = make_link(make_program())
    sign_in(client, link)
    made = create(client, " robin ")
    assert made["errors"] == []
    assert made["link"] == {
        "code": "ROBIN", "isPrimary": True, "visits": 0, "url": f"{link.referrer.program.site.root_url}/r/ROBIN/",
    }  # fmt: skip
    assert create(client, "robin") == made
    assert ReferralLink.objects.count() == 2


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "BLANK"),
        ("ab", "TOO_SHORT"),
        ("a b c", "INVALID_CHARACTER"),
        ("admin", "BLOCKED_WORD"),
        ("TAKEN", "TAKEN"),
    ],
)
def test_a_code_that_cannot_be_had(client, code, why):
    link = make_link(make_program())
    claim_code(referrer=make_link(link.referrer.program, email="other@example.com").referrer, code="TAKEN")
    sign_in(client, link)
    answer = create(client, code)
    assert (answer["link"], [(e["code"], e["path"]) for e in answer["errors"]]) == (None, [(why, ["code"])])
    assert list(ReferralLink.objects.filter(referrer=link.referrer)) == [link]


def test_nobody_chooses_codes_all_day(client, settings):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "RATE_LIMITS_ENABLED": True}
    link = make_link(make_program())
    sign_in(client, link)
    for n in range(20):
        assert create(client, f"robin-{n}")["errors"] == []
    (error,) = create(client, "robin-20")["errors"]
    assert (error["code"], ReferralLink.objects.count()) == ("RATE_LIMITED", 21)


def test_a_share_is_counted_and_its_address_made(client):
    link = make_link(make_program())
    sign_in(client, link)
    answer = share(client, channel="WHATSAPP", text="Hello\r\nBcc: all")
    url = f"{link.referrer.program.site.root_url}/r/{link.code}/"
    assert (answer["counted"], answer["errors"], answer["link"]) == (True, [], {"code": link.code})
    assert answer["address"].startswith("https://wa.me/?text=Hello%20%0ABcc%3A%20all%20")
    assert answer["address"].endswith(url.replace(":", "%3A").replace("/", "%2F")) or url in answer["address"]
    assert share(client, channel="COPY", code=link.code)["address"] is None
    events = list(ShareEvent.objects.order_by("pk").values_list("link_id", "channel"))
    assert events == [(link.pk, "whatsapp"), (link.pk, "copy")]


def test_somebody_elses_link_is_unknown(client):
    link = make_link(make_program())
    other = make_link(link.referrer.program, email="other@example.com")
    sign_in(client, other)
    for code in (link.code, "NOBODYS", "no code", "\x00"):
        answer = share(client, channel="COPY", code=code)
        assert (answer["counted"], answer["errors"]) == (False, [{"code": "NOT_FOUND", "path": ["code"]}])
    assert ShareEvent.objects.count() == 0


def test_a_closed_programmes_share_does_not_count(client):
    link = make_link(make_program())
    program = link.referrer.program
    program.status = ProgramStatus.PAUSED
    program.save()
    sign_in(client, link)
    assert share(client, channel="COPY")["counted"] is False
    assert ShareEvent.objects.count() == 0


def test_without_the_mailbox_nothing_is_written(client):
    link = make_link(make_program())
    refused_without_mailbox(client, CREATE, {"code": "ROBIN"}, link)
    refused_without_mailbox(client, SHARE, {"channel": "COPY"}, link)
    assert (ReferralLink.objects.count(), ShareEvent.objects.count()) == (1, 0)


def test_every_channel_has_its_value():
    assert {channel.value for channel in ShareChannel} == set(CHANNELS)
