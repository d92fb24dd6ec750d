"""Registers the plugin in Wagtail's admin; what it registers lives in ``admin``."""

from wagtail import hooks
from wagtail.snippets.models import register_snippet

from .admin.menu import ReferralsGroup
from .admin.permissions import own_permissions
from .admin.programs import before_delete

register_snippet(ReferralsGroup)
hooks.register("register_permissions", own_permissions)
hooks.register("before_delete_snippet", before_delete)
