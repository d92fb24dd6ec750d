from django.db.migrations.writer import MigrationWriter

from referral_blocks.blocks.stream import ReferralStreamField


def test_a_migration_does_not_name_the_blocks():
    text, imports = MigrationWriter.serialize(ReferralStreamField(blank=True))
    assert text == "referral_blocks.blocks.stream.ReferralStreamField(blank=True)"
    assert imports == {"import referral_blocks.blocks.stream"}


def test_a_clone_of_the_field_has_the_same_blocks():
    field = ReferralStreamField(blank=True)
    assert list(field.clone().stream_block.child_blocks) == list(field.stream_block.child_blocks)
