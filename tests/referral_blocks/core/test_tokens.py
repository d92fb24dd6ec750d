import pytest

from referral_blocks.core.tokens import make_token, read_token


def test_a_token_says_what_it_was_given():
    assert read_token("visit", make_token("visit", [1, "a"]), max_age=60) == [1, "a"]


def test_a_token_of_one_purpose_is_worth_nothing_for_another():
    assert read_token("session", make_token("visit", [1]), max_age=60) is None


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\x00", "é" * 50, "x" * 3000])
def test_what_is_no_token_is_worth_nothing(token):
    assert read_token("visit", token, max_age=60) is None


def test_a_token_that_is_longer_than_any_of_ours_is_not_even_read():
    assert read_token("visit", make_token("visit", "x" * 2000), max_age=60) is None


def test_every_altered_character_breaks_a_token():
    token = make_token("visit", [1])
    altered = (token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token) - 1))
    assert not any(read_token("visit", other, max_age=60) for other in altered)
