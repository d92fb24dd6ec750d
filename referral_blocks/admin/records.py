"""Lists that are only read: what flows wrote is looked at here and changed nowhere but in a flow."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import Http404
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, DateColumn, Table, UserColumn
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet

from referral_blocks.core.states import StateChange

from .labels import cause
from .permissions import RequiresRight, menu_item_for


class RecordListView(RequiresRight, IndexView):
    """A list without “add”, “edit” and “delete”."""

    any_permission_required = None  # RequiresRight has asked already
    search_backend_name = None

    def get_inspect_url(self, instance: Any) -> str:
        return reverse(self.inspect_url_name, args=[instance.pk])

    def get_list_buttons(self, instance: Any) -> list[Any]:
        return []


class RecordView(RequiresRight, InspectView):
    """One row with its facts, what hangs on it, and its audit trail."""

    any_permission_required = None
    template_name = "referral_blocks/admin/record.html"
    queryset: QuerySet[Any]

    def get_object(self, queryset: QuerySet[Any] | None = None) -> Any:
        found = self.queryset.filter(pk=self.pk).first()
        if found is None:
            raise Http404
        return found

    page_title = ""

    def get_page_title(self) -> str:
        return str(self.page_title) or capfirst(self.model._meta.verbose_name)

    def get_fields_context(self) -> list[dict[str, Any]]:
        return []

    def facts(self) -> list[tuple[str, Any]]:
        """(label, value) in the order in which they are read."""
        raise NotImplementedError

    def tables(self) -> list[Table]:
        """What hangs on the row."""
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "facts": self.facts(), "tables": self.tables()}


def audit_table(changes: QuerySet[StateChange], labels: dict[str, Any]) -> Table:
    """The audit trail: from, to, who, when, reason and note; ``labels`` says states in words."""

    def said(state: str) -> str:
        return str(labels.get(state, state)) or _("done with")

    rows = changes.select_related("actor__wagtail_userprofile").order_by("pk")
    return Table(
        [
            DateColumn("created_at", label=_("When")),
            Column("from", label=_("From"), accessor=lambda change: said(change.from_state)),
            Column("to", label=_("To"), accessor=lambda change: said(change.to_state)),
            UserColumn("actor", label=_("Who"), blank_display_name=_("the system")),
            Column("agent", label=_("By API key")),
            Column("reason", label=_("Reason"), accessor=lambda change: cause(change.reason)),
            Column("note", label=_("Note")),
        ],
        rows,
        caption=_("Audit trail"),
    )


class RecordViewSet(ModelViewSet):
    """List and inspect view; the only rights are to view and those that the model itself names."""

    index_view_class = RecordListView
    inspect_view_class = RecordView
    inspect_view_enabled = True
    copy_view_enabled = False
    # Indexing references would cost queries at every sale and payout, for rows that nobody can delete.
    add_to_reference_index = False
    list_per_page = 50

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(*self.index_view_class.rights)

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        common: dict[str, Any] = super().get_common_view_kwargs(**kwargs)
        writing = ("add_url_name", "edit_url_name", "delete_url_name", "history_url_name", "usage_url_name")
        return {**common, **dict.fromkeys(writing)}

    def get_form_class(self, for_update: bool = False) -> Any:
        raise ImproperlyConfigured(f"{type(self).__name__} has no form: its rows are written by flows.")

    def register_admin_url_finder(self) -> None:
        """Nothing: there is no edit view to find."""

    def get_permissions_to_register(self) -> QuerySet[Permission]:
        return Permission.objects.none()  # wagtail_hooks registers the plugin's own rights in one place

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", self.index_view, name="index"),
            path("results/", self.index_results_view, name="index_results"),
            path("<int:pk>/", self.inspect_view, name="inspect"),
        ]
