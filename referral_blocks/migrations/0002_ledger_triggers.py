"""The database itself refuses to change the ledger's history."""

from django.db import migrations

from referral_blocks.ledger import triggers


class Migration(migrations.Migration):
    dependencies = [("referral_blocks", "0001_initial")]

    operations = [migrations.RunPython(triggers.install, triggers.remove)]
