import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral_blocks.theming.contrast import contrast, is_legible, nearest_legible, readable_on

COLORS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#fff000", "#fff000", 1.0),
    ],
)
def test_contrast_is_the_ratio_of_wcag(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_a_colour_that_can_be_read_stays():
    assert nearest_legible("#0e4f3b", ("#ffffff", "#f3eddd")) == "#0e4f3b"


def test_a_yellow_gets_darker_on_white_and_stays_a_yellow():
    found = nearest_legible("#f5c400", ("#ffffff",))
    red, green, blue = (int(found[i : i + 2], 16) for i in (1, 3, 5))
    assert 4.5 <= contrast(found, "#ffffff") < 4.7, "no darker than it has to be"
    assert red > green > blue


def test_a_navy_gets_lighter_in_the_dark():
    found = nearest_legible("#1d3557", ("#0f1915",))
    assert 4.5 <= contrast(found, "#0f1915") < 4.7


@settings(max_examples=40, deadline=None)
@given(COLORS, COLORS)
def test_something_legible_is_always_found(color, ground):
    assert is_legible(nearest_legible(color, (ground,)), (ground,))
    assert is_legible(readable_on(ground), (ground,))
