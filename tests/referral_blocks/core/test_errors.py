import pytest

from referral_blocks.core.errors import DomainError, InvalidInput, NotAllowed, gathering


def mistake(name):
    return InvalidInput(f"{name} is wrong.", code="out_of_range", path=(name,))


def gather(*raised):
    """Each in a check of its own; returns how far it came."""
    passed = 0
    with gathering() as mistakes:
        for error in raised:
            with mistakes.check():
                if error is not None:
                    raise error
            passed += 1
    return passed


def test_an_error_that_stands_alone_is_all_there_is():
    error = mistake("amount")
    assert (error.all, str(error)) == ((error,), "amount is wrong.")


def test_without_a_mistake_nothing_is_raised():
    assert gather(None, None) == 2


def test_the_first_is_raised_and_holds_the_others_in_their_order():
    first, second, third = (mistake(name) for name in ("email", "name", "phone"))
    with pytest.raises(DomainError) as refused:
        gather(first, None, second, third)
    assert refused.value is first
    assert first.all == (first, second, third)
    assert (first.code, first.path, str(first)) == ("out_of_range", ("email",), "email is wrong.")


def test_what_was_gathered_below_is_gathered_again():
    email, name, terms = (mistake(name) for name in ("email", "name", "acceptTerms"))
    with pytest.raises(InvalidInput) as refused, gathering() as mistakes:
        with mistakes.check():
            gather(email, name)
        with mistakes.check():
            raise terms
    assert refused.value.all == (email, name, terms)


def test_every_other_error_is_raised_at_once_and_alone():
    other = NotAllowed("Not you.")
    with pytest.raises(NotAllowed) as refused:
        gather(mistake("email"), other, mistake("name"))
    assert refused.value is other
    assert other.all == (other,)


def test_a_fault_of_ours_is_no_mistake_of_the_input():
    with pytest.raises(ZeroDivisionError):
        gather(mistake("email"), ZeroDivisionError())


def test_two_refusals_never_share_what_they_hold():
    with pytest.raises(InvalidInput) as refused:
        gather(mistake("email"), mistake("name"))
    assert len(refused.value.all) == 2
    assert DomainError.others == mistake("email").others == ()


def test_what_is_wrong_with_a_part_is_told_as_wrong_with_the_whole():
    with pytest.raises(InvalidInput) as refused:
        gather(mistake("fact"), mistake("value"))
    moved = refused.value.at(lambda path: ("conditions", "0", *path))
    assert [(type(one), one.code, one.path, str(one)) for one in moved.all] == [
        (InvalidInput, "out_of_range", ("conditions", "0", "fact"), "fact is wrong."),
        (InvalidInput, "out_of_range", ("conditions", "0", "value"), "value is wrong."),
    ]
    assert [one.path for one in refused.value.all] == [("fact",), ("value",)]
