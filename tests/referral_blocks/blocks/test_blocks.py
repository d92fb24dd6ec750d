import pytest
from django.test import RequestFactory
from django.utils.translation import override
from wagtail import blocks
from wagtail.images.blocks import ImageBlock
from wagtail.models import Site

from referral_blocks.blocks.stream import ReferralStreamBlock
from referral_blocks.programs.models import ProgramStatus
from referral_blocks.referrers.session import make_session, session_cookie
from referral_blocks.rewards.models import RewardRule
from tests.make import make_link, make_program, make_referral
from tests.make_pages import make_landing_page, make_share_page

pytestmark = pytest.mark.django_db

NAMES = list(ReferralStreamBlock().child_blocks)
# What was here when pages were first stored: none of them may ever be called otherwise.
FIRST_NAMES = {"hero", "steps", "join_form", "friend_form", "share_panel", "standing", "terms"}
# The others speak to those who have joined, or wait for something to say.
FOR_EVERYBODY = FIRST_NAMES - {"share_panel"} | {
    "offer_cards", "code_entry", "refer_by_name", "post_purchase", "members_only", "testimonials", "faq", "cta_bar",
}  # fmt: skip


def stream(*names):
    block = ReferralStreamBlock()
    return block.to_python([{"type": n, "value": {}, "id": f"id-{i}"} for i, n in enumerate(names)])


def render(*names, cookies=None, query="", is_preview=False, **request_fields):
    request = RequestFactory().get("/" + query)
    request.COOKIES.update(cookies or {})
    request.is_preview = is_preview
    return stream(*names).render_as_block({"request": request})


def test_the_block_names_are_the_ones_that_pages_store():
    assert set(NAMES) >= FIRST_NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_block_shows_a_programme_without_anything_filled_in(name):
    make_program()
    html = render(name)
    assert "rb-editor-note" not in html
    if name in FOR_EVERYBODY:
        assert f'id="{name.replace("_", "-")}"' in html


@pytest.mark.parametrize("name", ["join_form", "friend_form", "share_panel", "standing", "terms"])
def test_without_a_programme_visitors_see_nothing_and_editors_what_to_do(name):
    visitor, editor = render(name), render(name, is_preview=True)
    assert "<section" not in visitor
    assert "This block needs a programme" in editor


@pytest.mark.parametrize("name", ["hero", "steps"])
def test_a_block_that_needs_no_programme_shows_without_one(name):
    assert "<section" in render(name)


def empty(block):
    """What a draft stores of a block with nothing filled in; of a list, one item with nothing in it."""
    if isinstance(block, blocks.StreamBlock):
        return []
    if isinstance(block, blocks.ListBlock):
        return [{"type": "item", "value": empty(block.child_block), "id": "item"}]
    if isinstance(block, blocks.StructBlock) and not isinstance(block, ImageBlock):
        return {key: empty(field) for key, field in block.child_blocks.items()}
    return None


@pytest.mark.parametrize("name", NAMES)
def test_a_block_whose_fields_are_all_empty_still_renders(name):
    make_program()
    block = ReferralStreamBlock()
    child = block.child_blocks[name]
    emptied = {key: empty(field) for key, field in child.child_blocks.items()}
    html = block.to_python([{"type": name, "value": emptied, "id": "x"}]).render_as_block(
        {"request": RequestFactory().get("/")}
    )
    assert ">None<" not in html


@pytest.mark.parametrize("name", ["join_form", "friend_form"])
def test_a_paused_programme_shows_no_form_and_says_why(name):
    make_program(status=ProgramStatus.PAUSED)
    program_id = make_program(slug="other", status=ProgramStatus.PAUSED).pk
    block = ReferralStreamBlock()
    value = block.to_python([{"type": name, "value": {"program": program_id}, "id": "x"}])
    html = value.render_as_block({"request": RequestFactory().get("/")})
    assert "<form" not in html
    assert "is taking a break at the moment" in html


def test_a_draft_programme_is_shown_to_editors_only():
    program = make_program(status=ProgramStatus.DRAFT)
    value = ReferralStreamBlock().to_python([{"type": "terms", "value": {"program": program.pk}, "id": "x"}])
    request = RequestFactory().get("/")
    assert "Be kind." not in value.render_as_block({"request": request})
    request = RequestFactory().get("/")
    request.is_preview = True
    assert "Be kind." in value.render_as_block({"request": request})


def test_a_programme_of_another_site_is_never_shown():
    root = Site.objects.get().root_page
    other = make_program(site=Site.objects.create(hostname="other.example", root_page=root), slug="other")
    value = ReferralStreamBlock().to_python([{"type": "terms", "value": {"program": other.pk}, "id": "x"}])
    assert "Be kind." not in value.render_as_block({"request": RequestFactory().get("/")})


def test_the_offer_is_read_from_the_active_rules_of_both_sides():
    program = make_program()
    RewardRule.objects.create(program=program, side="friend", title="Free ladder", amount_minor=1, active=False)
    html = render("hero")
    assert "£10 off" in html
    assert "£20 gift" in html
    assert "Free ladder" not in html


@pytest.mark.parametrize(
    ("consent", "greeting"), [(True, "<bdi>Robin</bdi> invited you"), (False, "A friend invited you")]
)
def test_an_invited_friend_is_greeted_with_the_name_only_with_consent(client, consent, greeting):
    program = make_program()
    make_landing_page(program)
    link = make_link(program, consent=consent)
    response = client.get(
        f"/r/{link.code}/", follow=True, HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
    )
    html = response.content.decode()
    assert greeting in " ".join(html.split())
    assert ("Robin" in html) is consent


def test_names_are_escaped_wherever_they_are_shown(client):
    program = make_program(name="<script>alert(1)</script>")
    make_landing_page(program)
    make_share_page(program)
    link = make_link(program, name="<img src=x> <b>Example")
    make_referral(program, link=link)
    client.cookies[session_cookie(program)] = make_session(link.referrer, verified=True)
    pages = [
        client.get(f"/r/{link.code}/", follow=True, HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"),
        client.get("/share/"),
    ]
    for page in pages:
        html = page.content.decode()
        assert "<script>alert" not in html
        assert "<img/src=x>" not in html
    assert "&lt;img" in pages[0].content.decode()


def test_the_share_panel_shows_the_link_to_its_referrer_and_nothing_to_others():
    program = make_program()
    link = make_link(program)
    assert "rb-share" not in render("share_panel")
    html = render(
        "share_panel", cookies={session_cookie(program): make_session(link.referrer, verified=False, code=link.code)}
    )
    assert f'value="http://localhost/r/{link.code}/"' in html
    assert f'src="/r/{link.code}/qr.svg"' in html


def test_a_session_of_another_programme_opens_nothing():
    first, second = make_program(), make_program(slug="second", status=ProgramStatus.PAUSED)
    session = make_session(make_link(first).referrer, verified=True)
    html = render("standing", cookies={session_cookie(first): "forged", session_cookie(second): session})
    assert "rb-counts" not in html


def test_only_a_verified_referrer_sees_friends_and_rewards():
    program = make_program()
    link = make_link(program)
    make_referral(program, link=link)
    name = session_cookie(program)
    unverified = render("standing", cookies={name: make_session(link.referrer, verified=False, code=link.code)})
    verified = render("standing", cookies={name: make_session(link.referrer, verified=True)})
    assert "Kim" not in unverified
    assert "Open the sign-in link in our e-mail" in unverified
    assert "Kim" in verified
    assert "Kim Example" not in verified
    assert "Left their details" in verified


def test_twelve_blocks_cost_as_many_queries_as_two(django_assert_num_queries):
    program = make_program()
    link = make_link(program)
    cookies = {session_cookie(program): make_session(link.referrer, verified=True)}
    Site.find_for_request(RequestFactory().get("/"))

    def count(names):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as queries:
            render(*names, cookies=cookies)
        return len(queries)

    assert count(["hero", "standing"] * 6) == count(["hero", "standing"])
    count(NAMES)  # the public figures are kept for a while, whoever asks
    assert count([*NAMES, *NAMES]) == count(NAMES) <= 22


def test_two_blocks_of_a_kind_have_different_ids():
    make_program()
    html = render("hero", "friend_form", "friend_form")
    assert html.count('id="friend-form"') == 1
    assert html.count('id="friend-form-2-email"') == 1
    assert html.count("<h1") == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_block_chooser_shows_every_block_finished(admin_client, name):
    from cms.pages.models import LandingPage

    block = LandingPage._meta.get_field("body").stream_block.child_blocks[name]
    assert block.is_previewable
    response = admin_client.get("/admin/block-preview/", {"id": block.definition_prefix})
    html = response.content.decode()
    assert response.status_code == 200
    assert f'id="{name.replace("_", "-")}"' in html
    assert "rb-editor-note" not in html


def test_defaults_are_stored_as_plain_text_in_the_language_of_the_editor():
    with override("en"):
        default = ReferralStreamBlock().child_blocks["hero"].get_default()
    assert type(default["heading"]) is str


def test_the_programme_hides_behind_the_cog():
    layout = ReferralStreamBlock().child_blocks["hero"].meta.form_layout
    assert layout.settings == ["program"]
    assert layout.children[0] == "speaks_to"
