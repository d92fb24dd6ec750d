"""One exchange: what counts as delivered, what is kept of an answer, and how long anybody may take."""

import datetime
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from referral_blocks.webhooks.endpoints import exchange
from referral_blocks.webhooks.endpoints.exchange import post

from .receiver import running


def send(receiver, **given):
    return post(given.get("url", receiver.url), headers={"Content-Type": "application/json"}, body=b"{}")


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_success_is_any_status_from_200_to_299(receiver, status):
    receiver.plan = [status]
    answer = send(receiver)
    assert (answer.problem, answer.status_code) == ("", status)
    assert receiver.came[0][0]["host"] == f"127.0.0.1:{receiver.port}"
    assert {"cookie", "authorization"}.isdisjoint(receiver.came[0][0])


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 429, 500, 503])
def test_of_an_error_only_its_status_and_its_first_words_are_kept(receiver, status):
    receiver.plan = [status]
    answer = send(receiver)
    assert (answer.problem, answer.status_code, len(answer.text)) == ("status", status, 300)
    assert answer.text.startswith("No: <b>not</b> now xxx")
    assert answer.nobody_there == (status in (429, 503))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(receiver, status):
    with running() as inside:
        receiver.plan, receiver.location = [status], inside.url
        answer = send(receiver)
        assert (answer.problem, answer.status_code) == ("redirect", status)
        assert inside.came == []
    assert len(receiver.came) == 1


@pytest.mark.parametrize(
    ("plan", "problem"), [("drop", "no_connection"), ("nonsense", "protocol"), ("hang", "timeout"), ("drip", "timeout")]
)
def test_whoever_misbehaves_is_cut_off(receiver, monkeypatch, plan, problem):
    monkeypatch.setattr(exchange, "READ_SECONDS", 0.3)
    monkeypatch.setattr(exchange, "WHOLE_SECONDS", 0.8)
    receiver.plan = [plan]
    began = time.monotonic()
    answer = send(receiver)
    assert answer.problem in ({problem, "protocol"} if plan == "drop" else {problem})
    assert (answer.status_code, answer.nobody_there) == (None, True)
    assert time.monotonic() - began < 3


def test_nobody_listens(loopback):
    answer = post("http://127.0.0.1:9/", headers={}, body=b"{}")
    assert (answer.problem, answer.status_code) == ("no_connection", None)


def certificate(tmp_path, *names):
    """A certificate for these names that is its own root, as files that ssl reads."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / f"{names[0]}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_the_certificate_is_checked_by_the_hosts_name(loopback, tmp_path, monkeypatch):
    path = certificate(tmp_path, "localhost")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    asked = []
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    trusting = ssl.create_default_context(cafile=str(path))
    with running(server) as receiver:
        assert post(f"https://localhost:{receiver.port}/", headers={}, body=b"{}").problem == "tls"  # an unknown root
        monkeypatch.setattr(exchange, "tls_context", lambda: trusting)
        assert post(f"https://127.0.0.1:{receiver.port}/", headers={}, body=b"{}").problem == "tls"  # another name
        assert receiver.came == []
        answer = post(f"https://localhost:{receiver.port}/", headers={}, body=b"{}")
        assert (answer.problem, answer.status_code, len(receiver.came)) == ("", 204, 1)
    assert asked[-1] == "localhost"


def test_the_context_checks(loopback):
    context = exchange.tls_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_handshake_that_never_ends_is_cut_off(receiver, monkeypatch):
    monkeypatch.setattr(exchange, "WHOLE_SECONDS", 0.5)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip():
        taken, _from = listener.accept()
        taken.recv(4096)
        try:
            taken.sendall(b"\x16\x03\x03\x40\x00")  # the beginning of a long record
            while True:
                taken.sendall(b"\x00")
                time.sleep(0.1)
        except OSError:
            return

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    answer = post(f"https://localhost:{listener.getsockname()[1]}/", headers={}, body=b"{}")
    listener.close()
    assert answer.problem == "timeout"
    assert time.monotonic() - began < 3
