"""What a host's search index and public API learn of a page's blocks."""

from referral_blocks.blocks.stream import ReferralStreamBlock

SECRET = [
    {"type": "text", "value": {"text": "The back door is open."}, "id": "t"},
    {"type": "code", "value": {"label": "Your code", "code": "MEMBERS-7"}, "id": "c"},
    {"type": "link", "value": {"text": "The guide", "url": "https://example.com/guide"}, "id": "l"},
]


def test_what_is_for_members_is_neither_found_by_search_nor_told_by_an_api():
    block = ReferralStreamBlock()
    value = block.to_python([{"type": "members_only", "value": {"heading": "For you", "content": SECRET}, "id": "m"}])
    found, told = block.get_searchable_content(value), block.get_api_representation(value)
    assert found[0] == told[0]["value"]["heading"] == "For you"
    assert not any(secret in f"{found} {told}" for secret in ("back door", "MEMBERS-7", "example.com/guide"))
    assert block.get_prep_value(value)[0]["value"]["content"][1]["value"]["code"] == "MEMBERS-7"
