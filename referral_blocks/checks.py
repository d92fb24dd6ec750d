"""System checks: a host site learns at start what would lose or double work."""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from .core.conf import get_conf
from .core.queue import configuration_problems


@checks.register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """REFERRAL_BLOCKS holds known keys only."""
    try:
        get_conf()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="referral_blocks.E001")]
    return []


@checks.register()
def check_queue(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Q_CLUSTER is fit for work that moves money."""
    return [checks.Warning(problem, id="referral_blocks.W001") for problem in configuration_problems()]
