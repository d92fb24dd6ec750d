"""Pictures in blocks: sizes, formats, queries, and files that are gone or were never pictures."""

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection

from referral_blocks.theming.models import SiteTheme
from tests.make import make_program

from .looking import editor, show

pytestmark = pytest.mark.django_db

DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 100 50"><path d="M0 0h9"/></svg>'
)


@pytest.fixture(autouse=True)
def program():
    if Collection.get_first_root_node() is None:
        Collection.add_root(name="Root")
    return make_program()


def make_image(file=None, **size):
    file = file or get_test_image_file(size=(1600, 900))
    return get_image_model().objects.create(title="Panes", file=file, **size)


def stored(image):
    return {"image": image.pk, "decorative": False, "alt_text": "A gleaming pane"}


def faces(*images):
    said = [{"quote": "Good", "name": "Kim", "photo": stored(image)} for image in images]
    return {"testimonials": [{"type": "item", "value": value, "id": str(n)} for n, value in enumerate(said)]}


def test_the_first_hero_loads_at_once_and_faces_when_they_are_near():
    hero, face = show("hero", {"image": stored(make_image())}), show("testimonials", faces(make_image()))
    assert 'fetchpriority="high"' in hero
    assert 'loading="lazy"' not in hero
    assert 'loading="lazy"' in face
    assert 'width="128"' in face and 'height="128"' in face


def test_a_drawing_stays_a_drawing():
    image = make_image(ContentFile(DRAWING, name="panes.svg"), width=100, height=50)
    for html in (show("hero", {"image": stored(image)}), show("testimonials", faces(image))):
        assert html.count("<img") == 1
        assert ".svg" in html and "srcset" not in html and "sizes=" not in html
        assert 'alt="A gleaming pane"' in html


@pytest.mark.parametrize("content", [None, b"no picture", b"\x89PNG\r\n\x1a\n broken", b""])
def test_a_file_that_cannot_be_shown_leaves_words_and_tells_the_editor(content):
    image = make_image()
    image.file.storage.delete(image.file.name)
    if content is not None:
        image.file.storage.save(image.file.name, ContentFile(content))
    html, preview = (show("hero", {"image": stored(image)}, **look) for look in ({}, editor(None)))
    assert "<h1" in html and "<img" not in html and "rb-hero--pictured" not in html
    assert "cannot be shown" not in html and "The file of this picture cannot be shown" in preview
    assert "<img" not in show("testimonials", faces(image))


@pytest.mark.parametrize("value", [None, "x", {}, {"image": "x"}, [], True])
def test_what_is_no_picture_is_none(value):
    html = show("hero", {"image": value})
    assert "<h1" in html and "<img" not in html


def test_more_pictures_cost_no_more_queries_in_a_cold_cache():
    def count(images):
        value = faces(*images)
        show("testimonials", value)  # makes the sizes
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert show("testimonials", value).count("<img") == len(images)
        return len(queries)

    images = [make_image() for _n in range(4)]
    assert count(images) == count(images[:1])


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_a_logo_that_cannot_be_shown_leaves_the_name(rf, program, content):
    logo = make_image()
    SiteTheme.objects.update_or_create(site=program.site, defaults={"logo": logo})
    head = Template('{% load referral_blocks %}{% referral_logo "Acme" %}')
    logo.file.storage.delete(logo.file.name)
    if content is not None:
        logo.file.storage.save(logo.file.name, ContentFile(content))
    assert head.render(Context({"request": rf.get("/")})) == "Acme"
