"""What the desks share: a list of rows that wait for somebody, each with the steps that this user may take."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from django.utils.functional import cached_property
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic import BaseListingView
from wagtail.admin.viewsets.base import ViewSet

from .permissions import RequiresRight, may, menu_item_for


class DeskView(RequiresRight, BaseListingView):
    """A list with filters and search; the viewset names its own addresses."""

    paginate_by = 50
    search_backend_name = None
    is_searchable = True

    def may(self, right: str) -> bool:
        return may(self.request.user, right)


class DeskViewSet(ViewSet):
    """A desk's list and its steps; a step is ``(address, name, view)``."""

    desk_view: type[DeskView]
    steps: tuple[tuple[str, str, Any], ...] = ()

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(*self.desk_view.rights)

    def get_urlpatterns(self) -> list[URLPattern]:
        names = {"index_url_name": self.get_url_name("index"), "index_results_url_name": self.get_url_name("results")}
        return [
            path("", self.desk_view.as_view(**names), name="index"),
            path("results/", self.desk_view.as_view(**names, results_only=True), name="results"),
            *(path(f"<int:pk>/{address}/", view.as_view(), name=name) for address, name, view in self.steps),
        ]
