"""The plugin's app config."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralBlocksConfig(AppConfig):
    name = "referral_blocks"
    label = "referral_blocks"
    verbose_name = _("Referral Blocks")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - registers the system checks
        from .core import heartbeat, queue

        queue.when_done(heartbeat.mark_alive)
