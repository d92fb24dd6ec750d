"""API keys: made, shown once, revoked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.admin.widgets.button import HeaderButton
from wagtail.models import Site

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.services import create_api_key, revoke_api_key
from referral_blocks.core.text import clean_text

from .columns import LinesColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .steps import FlowFormView, StepView
from .when import when


def scope_lines(key: ApiKey) -> list[str]:
    words = dict(Scope.choices)
    return [str(words.get(scope, scope)) for scope in key.scopes]


class ApiKeyListView(DeskView):
    rights = ("view_apikey", "add_apikey", "change_apikey")
    page_title = gettext_lazy("API keys")
    header_icon = "key"
    verbose_name_plural = gettext_lazy("API keys")
    search_fields = ["name", "prefix"]

    def get_base_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.select_related("site").order_by("revoked_at", "-created_at", "-pk")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            Column("name", label=_("Name")),
            Column("prefix", label=_("Begins with")),
            Column("site", label=_("Site")),
            LinesColumn("scopes", label=_("May"), accessor=scope_lines),
            DateColumn("created_at", label=_("Created")),
            DateColumn("last_used_at", label=_("Last used")),
            StatusTagColumn(
                "state", label=_("State"), accessor=lambda key: _("Revoked") if key.revoked_at else _("In use"),
                primary=lambda key: not key.revoked_at,
            ),
            StepsColumn(_("Steps"), self.steps),
        ]  # fmt: skip

    def steps(self, key: ApiKey) -> list[Step]:
        if key.revoked_at or not self.may("change_apikey"):
            return []
        return [Step(_("Revoke"), reverse("referral_api_keys:revoke", args=[key.pk]))]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not self.may("add_apikey"):
            return []
        return [HeaderButton(_("Make a key"), url=reverse("referral_api_keys:add"), icon_name="plus")]


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), help_text=gettext_lazy("Which system uses this key, such as “Till”.")
    )
    site = forms.ModelChoiceField(label=gettext_lazy("Site"), queryset=Site.objects.all())


class ApiKeyAddView(FlowFormView):
    """The key's text is in the answer to the POST and nowhere else: in no session, no message and no log."""

    rights = ("add_apikey",)
    form_class = ApiKeyForm
    page_title = gettext_lazy("Make an API key")
    header_icon = "key"
    submit_label = gettext_lazy("Make the key")
    back_label = ApiKeyListView.page_title
    back_url_name = "referral_api_keys:index"

    def get_initial(self) -> dict[str, Any]:
        return {"site": Site.objects.filter(is_default_site=True).first()}

    def run(self, data: dict[str, Any]) -> None:
        name = clean_text(data["name"], max_length=80, path=("name",))
        self.key, self.text = create_api_key(site_id=data["site"].pk, name=name, created_by=self.request.user)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response = super().form_valid(form)
        if form.errors:
            return response
        context = {**self.get_context_data(form=form), "key": self.key, "text": self.text}
        shown = TemplateResponse(self.request, "referral_blocks/admin/api_key_shown.html", context)
        add_never_cache_headers(shown)
        return shown


class ApiKeyRevokeView(StepView):
    rights = ("change_apikey",)
    queryset = ApiKey.objects.select_related("site")
    page_title = gettext_lazy("Revoke this API key")
    header_icon = "key"
    submit_label = gettext_lazy("Revoke it for good")
    back_label = ApiKeyListView.page_title
    back_url_name = "referral_api_keys:index"

    def before(self) -> str:
        return _("“%(name)s” was revoked before. Nothing has changed.") % {"name": self.object.name}

    def over(self) -> str:
        return self.before() if self.object.revoked_at else ""

    def facts(self) -> list[tuple[str, Any]]:
        key: ApiKey = self.object
        return [
            (_("Name"), key.name),
            (_("Begins with"), key.prefix),
            (_("Site"), key.site),
            (_("Last used"), when(key.last_used_at)),
        ]

    def run(self, data: dict[str, Any]) -> None:
        live = self.object.revoked_at is None
        revoke_api_key(key=self.object)
        yes = _("“%(name)s” is revoked: from now on it is refused.") % {"name": self.object.name}
        self.tell(live, yes, self.before())


class ApiKeyViewSet(DeskViewSet):
    name = "referral_api_keys"
    url_prefix = "referrals/api-keys"
    icon = "key"
    menu_label = gettext_lazy("API keys")
    desk_view = ApiKeyListView
    steps = (("revoke", "revoke", ApiKeyRevokeView),)

    def get_urlpatterns(self) -> list[Any]:
        return [*super().get_urlpatterns(), path("new/", ApiKeyAddView.as_view(), name="add")]
