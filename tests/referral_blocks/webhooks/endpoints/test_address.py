"""No address of ours is called: not when it is typed, not when a name changes its mind, not by a detour."""

import socket
import time

import pytest
from wagtail.models import Site

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.create_webhook_endpoint import create_webhook_endpoint
from referral_blocks.flows.deliver_webhooks import deliver_webhooks
from referral_blocks.flows.update_webhook_endpoint import update_webhook_endpoint
from referral_blocks.webhooks.endpoints import address, exchange
from referral_blocks.webhooks.endpoints.models import WebhookDelivery, WebhookEndpoint
from tests.make import make_link, make_program

from .receiver import running

PUBLIC = "93.184.216.34"
PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254",
    "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001::1", "2001:db8::1", "3fff::1", "5f00::1",
    "100::1",
]  # fmt: skip
LOOPBACKS = [
    "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://2130706433/", "https://0x7f000001/",
    "https://0177.0.0.1/", "https://127.1/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/", "https://0/",
]  # fmt: skip
NONSENSE = [
    "", "hooks", "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)",
    "gopher://example.com/", "https://", "https:///x", "https://user@example.com/", "https://user:word@example.com/",
    "https://example.com/#part", "https://exa mple.com/", "https://example.com:0/", "https://example.com:99999/",
    "https://example.com:x/", "https://exämple.com/", "https://example.com/\r\nX: y", "https://example.com\\@127.0.0.1/",
    "https://[::1", "https://example..com/", "https://" + "a" * 64 + ".com/", "https://example.com/" + "x" * 500,
    "https://127.0.0.1\t.example.com/", "//example.com/",
]  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_on_the_public_internet(text):
    assert not address.is_public(address.ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", [PUBLIC, "1.1.1.1", "2606:2800:220:1::1", "2a00:1450:4001::1", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_what_is(text):
    assert address.is_public(address.ipaddress.ip_address(text))


@pytest.fixture
def names(monkeypatch):
    """``names[host] = [[address, …], …]``: what the resolver says, one list a question; the last one stays."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        if host not in known:
            return real(host, port, *args, **kwargs)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if not found:
            raise socket.gaierror
        family = {text: socket.AF_INET6 if ":" in text else socket.AF_INET for text in found}
        return [(family[text], socket.SOCK_STREAM, 6, "", (text, port)) for text in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def make(url, **given):
    return create_webhook_endpoint(site_id=Site.objects.get(is_default_site=True).pk, url=url, **given)


def refused(url):
    with pytest.raises(InvalidInput) as error:
        make(url)
    assert error.value.path == ("url",)
    assert not WebhookEndpoint.objects.exists()
    return error.value.code


@pytest.mark.django_db
@pytest.mark.parametrize("url", LOOPBACKS)
def test_our_own_addresses_are_refused_however_they_are_written(url):
    assert refused(url) == "private_address"


@pytest.mark.django_db
@pytest.mark.parametrize("url", NONSENSE)
def test_what_is_no_address_of_https_is_refused(url):
    assert refused(url) in {"invalid_url", "required", "too_long", "invalid_text"}


@pytest.mark.django_db
def test_one_private_address_among_public_ones_is_enough(names):
    names["hooks.example.com"] = [[PUBLIC, "10.0.0.1"]]
    names["gone.example.com"] = [[]]
    assert refused("https://hooks.example.com/") == "private_address"
    assert refused("https://gone.example.com/") == "unknown_host"


@pytest.mark.django_db
def test_a_resolver_that_hangs_holds_nobody_up(names, monkeypatch):
    monkeypatch.setattr(address, "LOOK_UP_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(1) or [])
    assert refused("https://slow.example.com/") == "unknown_host"


@pytest.mark.django_db
def test_plain_http_is_for_developers(names, settings):
    names["hooks.example.com"] = [[PUBLIC]]
    assert refused("http://hooks.example.com/") == "invalid_url"
    settings.DEBUG = True
    assert make("http://hooks.example.com/")[0].url == "http://hooks.example.com/"
    with pytest.raises(InvalidInput):
        make("http://127.0.0.1/")


@pytest.mark.django_db
def test_an_address_is_changed_only_to_one_that_may_be_called(names):
    names["hooks.example.com"] = [[PUBLIC]]
    endpoint, _secret = make("https://hooks.example.com/")
    with pytest.raises(InvalidInput):
        update_webhook_endpoint(endpoint=endpoint, url="https://localhost/", description="New")
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.description, endpoint.changes.count()) == ("https://hooks.example.com/", "", 1)
    names["hooks.example.com"] = [[]]  # its host is down: it can be switched off all the same
    assert update_webhook_endpoint(endpoint=endpoint, url=endpoint.url, enabled=False)


@pytest.mark.django_db
def test_a_name_that_changes_its_mind_is_not_called(names, settings):
    with running() as inside:
        names["rebind.example.com"] = [[PUBLIC], ["127.0.0.1"]]
        settings.DEBUG = True  # for http: with TLS it would fail only later
        endpoint, _secret = make(f"http://rebind.example.com:{inside.port}/")
        make_link(make_program())
        assert deliver_webhooks(endpoint_id=endpoint.pk) == 1
        assert inside.came == []
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.problem, delivery.status_code) == ("waiting", "refused_address", None)


def test_what_was_checked_is_what_is_called_and_no_name_is_asked_again(names, settings, monkeypatch):
    names["rebind.example.com"] = [[PUBLIC, "1.1.1.1", "8.8.8.8"], ["127.0.0.1"]]
    called = []

    def connect(where, timeout):
        called.append((where, timeout))
        raise OSError

    monkeypatch.setattr(exchange.socket, "create_connection", connect)
    answer = exchange.post("https://rebind.example.com/x", headers={}, body=b"{}")
    assert answer.problem == "no_connection"
    assert called == [((PUBLIC, 443), 5.0), (("1.1.1.1", 443), 5.0)]
