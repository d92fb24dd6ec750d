import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from referral_blocks.checks import check_encryption
from referral_blocks.core.crypto import CannotDecrypt, decrypt, encrypt, encrypt_anew
from tests.gift_cards import MANUAL, PATH

A, B = (Fernet.generate_key().decode() for _ in range(2))


def keys(settings, *given):
    settings.REFERRAL_BLOCKS = {**settings.REFERRAL_BLOCKS, "ENCRYPTION_KEYS": given}


def test_what_is_encrypted_does_not_show_and_comes_back(settings):
    for given in ((), (A,)):
        keys(settings, *given)
        token = encrypt("https://spend.example/äö")
        assert b"spend" not in token
        assert token != encrypt("https://spend.example/äö")
        assert decrypt(token) == decrypt(memoryview(token)) == "https://spend.example/äö"


def test_keys_rotate_without_a_gap(settings):
    keys(settings)
    derived = encrypt("x")
    keys(settings, A)
    old = encrypt("x")
    assert decrypt(derived) == "x", "what was encrypted before the host had set keys"
    keys(settings, B, A)
    assert decrypt(old) == "x"
    new = encrypt_anew(old)
    keys(settings, B)
    assert decrypt(new) == "x"
    with pytest.raises(CannotDecrypt):
        decrypt(old)


def test_a_secret_key_that_was_changed_is_remembered_by_its_fallbacks(settings):
    token, old = encrypt("x"), settings.SECRET_KEY
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(CannotDecrypt):
        decrypt(token)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert decrypt(token) == "x"


@pytest.mark.parametrize("token", [b"", b"nonsense", b"\xff" * 100])
def test_what_was_changed_is_not_decrypted(token):
    for open_it in (decrypt, encrypt_anew):
        with pytest.raises(CannotDecrypt):
            open_it(token)


def test_a_key_that_is_none_is_named_and_not_shown(settings):
    keys(settings, "too-short")
    with pytest.raises(ImproperlyConfigured) as error:
        encrypt("x")
    assert "ENCRYPTION_KEYS" in str(error.value)
    assert "too-short" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "given", "debug", "warned"),
    [(PATH, (), False, True), (PATH, (A,), False, False), (PATH, (), True, False), (MANUAL, (), False, False)],
)
def test_production_is_told_to_set_keys_of_its_own(settings, path, given, debug, warned):
    settings.DEBUG = debug
    providers = {"cards": {"path": path, "options": {}}}
    settings.REFERRAL_BLOCKS = {"PAYOUT_PROVIDERS": providers, "ENCRYPTION_KEYS": given}
    assert [m.id for m in check_encryption(None)] == (["referral_blocks.W002"] if warned else [])
