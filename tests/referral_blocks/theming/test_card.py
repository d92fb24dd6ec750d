import io
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, features

from referral_blocks.theming.brand import Brand, Scheme
from referral_blocks.theming.card import SIZE, card_of, draw_card
from referral_blocks.theming.card_text import Face, set_words
from referral_blocks.theming.selectors import Look
from referral_blocks.theming.theme import Palette, Theme, all_themes, get_theme

LONG = "Recommend our family-run window and conservatory cleaning to the whole neighbourhood today"
WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
ARABIC = "ادع صديقا واربحا معا"
THEMES = ["paper", "signal", "street", ""]
NO_WORDS = {"heading": "", "offer": "", "name": ""}


def card(theme, *, heading="Good things are better shared", offer="£20 off", name="Bright Windows", brand=None, **more):
    look = Look(get_theme(theme), brand or Brand())
    return card_of(look, **{"heading": heading, "offer": offer, "name": name, "right_to_left": False, **more})


def opened(png):
    return Image.open(io.BytesIO(png)).convert("RGB")


def test_pillow_can_read_the_themes_own_font_files():
    assert features.check("freetype2")
    for theme in all_themes():
        for file in (*theme.card.heading, *theme.card.body):
            face = Face((file,))
            letters = "ąčđłňőşž" if "-ext" in file else "öß€"
            assert {face.file_for(letter) for letter in letters} >= {file}, "and not the font that Pillow brings"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("heading", ["Hi", LONG * 3])
def test_a_card_is_a_png_of_the_right_size_and_weight(theme, heading):
    drawn = draw_card(card(theme, heading=heading, offer=heading, name=heading))
    image = Image.open(io.BytesIO(drawn))
    assert (image.format, image.size, image.info) == ("PNG", SIZE, {})
    assert len(drawn) < 300_000


@pytest.mark.parametrize(("theme", "right_to_left"), [*((theme, False) for theme in THEMES), ("signal", True)])
def test_words_stay_in_the_area_that_the_theme_leaves_them(theme, right_to_left):
    more = {"right_to_left": right_to_left}
    # Without words there is the mark: the same in both, so that what differs is words.
    empty = draw_card(card(theme, **more, **NO_WORDS))
    for text in (LONG * 3, WORD * 2):
        full = draw_card(card(theme, heading=text, offer=text, name=text, **more))
        left, top, right, bottom = ImageChops.difference(opened(full), opened(empty)).getbbox()
        area = get_theme(theme).card.area if theme else (88, 72, 1112, 558)
        if right_to_left:
            area = (SIZE[0] - area[2], area[1], SIZE[0] - area[0], area[3])
        slack = 12  # what hangs over: italics at the sides, a letter's tail below the last line
        assert left >= area[0] - slack
        assert top >= area[1] - slack
        assert right <= area[2] + slack
        assert bottom <= area[3] + slack


def test_long_words_shrink_and_wrap_and_what_is_too_much_ends_in_dots():
    face = Face(get_theme("signal").card.heading, 600)
    box = {"width": 900, "height": 300, "sizes": (104, 40)}
    short, long, more = (set_words(text, face, **box) for text in ("Bring a friend", LONG, LONG * 4))
    assert (short.lines, short.size) == (("Bring a friend",), 104)
    assert " ".join(long.lines) == LONG
    assert 40 <= long.size < 104
    assert more.lines[-1].endswith("…")
    for words in (short, long, more):
        assert words.width <= 900
        assert words.height <= 300


@pytest.mark.parametrize("theme", THEMES)
def test_a_script_that_no_font_has_is_left_out_and_never_drawn_as_boxes(theme):
    arabic = card(theme, heading=ARABIC, offer=ARABIC, name=ARABIC, right_to_left=True)
    assert draw_card(arabic) == draw_card(replace(arabic, heading="", offer="", name=""))
    assert draw_card(arabic) != draw_card(replace(arabic, heading="Hello"))


def test_a_picture_may_be_left_out_of_a_text_a_currency_or_letter_never():
    face = Face(get_theme("paper").card.heading)
    assert face.legible("Bring\na  friend 🎁\u202e!") == "Bring a friend !"
    assert face.legible("₪50 gift") == "", "“50 gift” would promise something else"
    assert face.legible("Привет friend") == ""
    assert face.legible("Żółć, €20 für Čevapčići") == "Żółć, €20 für Čevapčići"


def test_an_unthemed_site_borrows_letters_that_the_font_of_pillow_does_not_have():
    plain = card("", heading="Für Grüße", offer="", name="")
    assert draw_card(plain) != draw_card(replace(plain, heading=""))


def test_the_themes_and_brands_are_told_apart():
    brand = Brand(light=Scheme(accent="#6d28d9", hero="#e0f2fe"))
    drawn = [opened(draw_card(card(theme, brand=brand))).getpixel((5, 5)) for theme in THEMES]
    assert drawn[0] == (0xE0, 0xF2, 0xFE)
    assert len(set(drawn)) == 4


def test_a_theme_that_says_nothing_of_cards_gets_one_in_the_colour_of_its_hero():
    theme = Theme("harbour", "Harbour", light=Palette(("#ffffff",), hero="#12343b"))
    made = card_of(Look(theme), heading="Hello", offer="£20", name="", right_to_left=False)
    assert (made.colors.ground, made.colors.ink, made.colors.accent) == ("#12343b", "#ffffff", "#ffffff")
    assert opened(draw_card(made)).getpixel((600, 5)) == (0x12, 0x34, 0x3B)


def test_an_accent_that_vanishes_on_the_ground_gives_way_to_the_words_colour():
    made = card("street", brand=Brand(light=Scheme(accent="#ffcc55")))
    assert (made.colors.accent, made.colors.on_accent) == (made.colors.ink, made.colors.ground)


def test_the_address_follows_all_that_is_shown_and_nobody_can_make_one_up(settings):
    first = card("paper")
    others = [
        card("signal"), card("paper", heading="x"), card("paper", offer="x"), card("paper", name="x"),
        card("paper", right_to_left=True), card("paper", brand=Brand(font="street")),
        card("paper", brand=Brand(light=Scheme(accent="#123456"))), replace(first, logo="7:logo.png:abc"),
    ]  # fmt: skip
    assert len({first.version, *(other.version for other in others)}) == len(others) + 1
    assert card("paper").version == first.version
    before = first.version
    settings.SECRET_KEY = "another"
    assert first.version != before


@pytest.mark.parametrize(("color", "plate"), [("#101828", True), ("#ffe08a", False)])
def test_a_logo_that_could_not_be_seen_on_the_ground_gets_a_plate(color, plate):
    logo = Image.new("RGBA", (400, 100), (0, 0, 0, 0))
    logo.paste(color, (100, 0, 300, 100))
    dark = card("signal")
    with_logo = opened(draw_card(dark, logo))
    x, y = dark.style.area[0] + 20, dark.style.area[1] + 20
    assert (sum(with_logo.getpixel((x, y))) > 600) is plate
