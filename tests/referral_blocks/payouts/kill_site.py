"""The settings of the kill test's workers: everything is impatient, so that what was lost is found in seconds."""

from cms.settings.dev import *  # noqa: F403 - a settings module
from cms.settings.dev import Q_CLUSTER, REFERRAL_BLOCKS

from .impatient import IMPATIENT

# retry > timeout × (queue_limit + 2) / workers, as ever.
Q_CLUSTER = {**Q_CLUSTER, "timeout": 8, "retry": 18}
REFERRAL_BLOCKS = {**REFERRAL_BLOCKS, **IMPATIENT}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
# The stand-ins answer within a second: the providers' longest answers need not fit into the short time-out.
SILENCED_SYSTEM_CHECKS = ["referral_blocks.W003"]
