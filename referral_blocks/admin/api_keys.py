"""API keys: made, shown once, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.admin.widgets.button import HeaderButton
from wagtail.models import Site

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.access.rights import may_give
from referral_blocks.flows.create_api_key import create_api_key
from referral_blocks.flows.revoke_api_key import revoke_api_key
from referral_blocks.flows.rotate_api_key import rotate_api_key

from .columns import LinesColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .steps import FlowFormView, StepView
from .when import when


def scope_lines(key: ApiKey) -> list[str]:
    words = dict(Scope.choices)
    return [str(words.get(scope, scope)) for scope in key.scopes]


def state_words(key: ApiKey) -> str:
    if key.revoked_at:
        who = key.revoked_by or key.revoked_agent
        return _("Revoked by %(who)s") % {"who": who} if who else _("Revoked")
    if not key.is_live:
        return _("Expired")
    return _("Replaced, works on until it expires") if key.rotated_to_id else _("In use")


class ApiKeyListView(DeskView):
    rights = ("view_apikey", "add_apikey", "change_apikey")
    page_title = gettext_lazy("API keys")
    header_icon = "key"
    verbose_name_plural = gettext_lazy("API keys")
    search_fields = ["name", "prefix"]

    def get_base_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.select_related("site", "revoked_by").order_by("revoked_at", "-created_at", "-pk")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            Column("name", label=_("Name")),
            Column("prefix", label=_("Begins with")),
            Column("site", label=_("Site")),
            LinesColumn("scopes", label=_("May"), accessor=scope_lines),
            DateColumn("created_at", label=_("Created")),
            DateColumn("last_used_at", label=_("Last used")),
            Column("expires_at", label=_("Expires"), accessor=lambda key: when(key.expires_at)),
            StatusTagColumn(
                "state", label=_("State"), accessor=state_words, primary=lambda key: key.is_live,
            ),
            StepsColumn(_("Steps"), self.steps),
        ]  # fmt: skip

    def steps(self, key: ApiKey) -> list[Step]:
        if not key.is_live or not self.may("change_apikey"):
            return []
        steps = [Step(_("Revoke"), reverse("referral_api_keys:revoke", args=[key.pk]))]
        if key.rotated_to_id is None and self.may("add_apikey"):
            steps.insert(0, Step(_("Replace"), reverse("referral_api_keys:rotate", args=[key.pk])))
        return steps

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not self.may("add_apikey"):
            return []
        return [HeaderButton(_("Make a key"), url=reverse("referral_api_keys:add"), icon_name="plus")]


LIFETIMES = (
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("a year")),
    ("", gettext_lazy("until it is revoked")),
)


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), help_text=gettext_lazy("Which system uses this key, such as “Till”.")
    )
    site = forms.ModelChoiceField(label=gettext_lazy("Site"), queryset=Site.objects.all())
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Only what the system needs: whoever finds the key may do the same."),
    )
    days = forms.ChoiceField(
        label=gettext_lazy("Works for"),
        choices=LIFETIMES,
        required=False,
        help_text=gettext_lazy("Replace it before then: the old and the new key work side by side for a day."),
    )


class ShownOnce:
    """The key's text is in the answer to the POST and nowhere else: in no session, no message and no log."""

    key: ApiKey
    text: str

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response = super().form_valid(form)  # type: ignore[misc]
        if form.errors:
            return response  # type: ignore[no-any-return]
        context = {**self.get_context_data(form=form), "key": self.key, "text": self.text}  # type: ignore[attr-defined]
        shown = TemplateResponse(self.request, "referral_blocks/admin/api_key_shown.html", context)  # type: ignore[attr-defined]
        add_never_cache_headers(shown)
        return shown


class ApiKeyAddView(ShownOnce, FlowFormView):
    rights = ("add_apikey",)
    form_class = ApiKeyForm
    page_title = gettext_lazy("Make an API key")
    header_icon = "key"
    submit_label = gettext_lazy("Make the key")
    back_label = ApiKeyListView.page_title
    back_url_name = "referral_api_keys:index"

    def get_initial(self) -> dict[str, Any]:
        site = Site.objects.filter(is_default_site=True).first()
        return {"site": site, "scopes": [Scope.SALES_WRITE.value], "days": "365"}

    def get_form(self, form_class: Any = None) -> forms.Form:
        form = super().get_form(form_class)
        form.fields["scopes"].choices = [
            (scope, label) for scope, label in Scope.choices if may_give(self.request.user, scope)
        ]
        return form

    def run(self, data: dict[str, Any]) -> None:
        days = data["days"]
        self.key, self.text = create_api_key(
            site_id=data["site"].pk,
            name=data["name"],
            scopes=data["scopes"],
            expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
            actor=self.request.user,
        )


class ApiKeyStepView(StepView):
    """A step about one key."""

    queryset = ApiKey.objects.select_related("site")
    header_icon = "key"
    back_label = ApiKeyListView.page_title
    back_url_name = "referral_api_keys:index"

    def facts(self) -> list[tuple[str, Any]]:
        key: ApiKey = self.object
        return [
            (_("Name"), key.name),
            (_("Begins with"), key.prefix),
            (_("Site"), key.site),
            (_("Last used"), when(key.last_used_at)),
        ]


class ApiKeyRotateView(ShownOnce, ApiKeyStepView):
    rights = ("add_apikey",)
    page_title = gettext_lazy("Replace this API key")
    submit_label = gettext_lazy("Make the new key")

    def over(self) -> str:
        if self.object.is_live and self.object.rotated_to_id is None:
            return ""
        return _("“%(name)s” was revoked, replaced, or has expired. Nothing has changed.") % {"name": self.object.name}

    def facts(self) -> list[tuple[str, Any]]:
        return [*super().facts(), (_("Works on for"), _("one day"))]

    def run(self, data: dict[str, Any]) -> None:
        self.key, self.text = rotate_api_key(key=self.object, actor=self.request.user)


class ApiKeyRevokeView(ApiKeyStepView):
    rights = ("change_apikey",)
    page_title = gettext_lazy("Revoke this API key")
    submit_label = gettext_lazy("Revoke it for good")

    def before(self) -> str:
        return _("“%(name)s” was revoked before. Nothing has changed.") % {"name": self.object.name}

    def over(self) -> str:
        return self.before() if self.object.revoked_at else ""

    def run(self, data: dict[str, Any]) -> None:
        live = revoke_api_key(key=self.object, actor=self.request.user)
        yes = _("“%(name)s” is revoked: from now on it is refused.") % {"name": self.object.name}
        self.tell(live, yes, self.before())


class ApiKeyViewSet(DeskViewSet):
    name = "referral_api_keys"
    url_prefix = "referrals/api-keys"
    icon = "key"
    menu_label = gettext_lazy("API keys")
    desk_view = ApiKeyListView
    steps = (("revoke", "revoke", ApiKeyRevokeView), ("rotate", "rotate", ApiKeyRotateView))

    def get_urlpatterns(self) -> list[Any]:
        return [*super().get_urlpatterns(), path("new/", ApiKeyAddView.as_view(), name="add")]
