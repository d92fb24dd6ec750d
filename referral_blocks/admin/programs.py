"""Programmes in the admin: marketers write them, with their reward rules in the same form."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    Panel,
    TitleFieldPanel,
)
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, DateColumn, NumberColumn, StatusTagColumn
from wagtail.snippets.views.snippets import CreateView, EditView, IndexView, SnippetViewSet

from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import RewardRule, Side

from .method_options import MethodOptionsPanel
from .program_checklist import ChecklistPanel
from .program_form import ProgramForm
from .program_status import OwnStatus
from .rule_form import RewardRuleForm


class NamePanel(TitleFieldPanel):
    """Fills the slug from the name while the programme is new; afterwards the API relies on the slug."""

    class BoundPanel(TitleFieldPanel.BoundPanel):
        def get_should_apply(self) -> bool:
            return not self.instance.pk


class RulePanel(MultiFieldPanel):
    """One rule. The options of ways of paying have their own place, and are not shown a second time below it."""

    class BoundPanel(MultiFieldPanel.BoundPanel):
        def render_missing_fields(self) -> SafeString:
            placed = {*self.panel.get_form_options().get("fields", []), *self.form.option_names}
            others = [(self.form[name],) for name in self.form.fields if name not in placed]
            return format_html_join("", "{}", others)


class RulesPanel(InlinePanel):
    """The reward rules, with the form that takes decimals."""

    @cached_property
    def child_edit_handler(self) -> Any:
        return RulePanel(self.panel_definitions, heading=self.heading).bind_to_model(self.db_field.related_model)

    def get_form_options(self) -> dict[str, Any]:
        options: dict[str, Any] = super().get_form_options()
        options["formsets"][self.relation_name]["form"] = RewardRuleForm
        return options


class ConditionsPanel(Panel):
    """What else has to hold for a rule, to read."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "referral_blocks/admin/rule_conditions.html"

        def is_shown(self) -> bool:
            return bool(getattr(self.form, "conditions_in_words", ()))


# Fields that wait for a trigger, a kind or a way of paying are hidden by a script until it is chosen.
RULE_PANELS = [
    FieldRowPanel([FieldPanel("side"), FieldPanel("title")]),
    FieldRowPanel([FieldPanel("trigger"), FieldPanel("kind")]),
    FieldRowPanel([FieldPanel("value"), FieldPanel("currency_unit")]),
    FieldRowPanel([FieldPanel("percent"), FieldPanel("least")]),
    FieldRowPanel([FieldPanel("friend_from"), FieldPanel("friend_to")]),
    FieldRowPanel([FieldPanel("sale_from"), FieldPanel("sale_to"), FieldPanel("months")]),
    FieldRowPanel([FieldPanel("rank_from"), FieldPanel("rank_to")]),
    FieldPanel("points_price"),
    ConditionsPanel(),
    FieldRowPanel([FieldPanel("method"), FieldPanel("coupon_list")]),
    MethodOptionsPanel(),
    FieldRowPanel([FieldPanel("hold_days"), FieldPanel("approval"), FieldPanel("active")]),
    FieldRowPanel([FieldPanel("limit_per_person"), FieldPanel("expires_days")]),
    FieldPanel("instructions"),
]
PANELS = ObjectList(
    [
        ChecklistPanel(),
        NamePanel("name", placeholder=gettext_lazy("Name*")),
        FieldRowPanel([FieldPanel("slug"), FieldPanel("site")]),
        FieldRowPanel([FieldPanel("status"), FieldPanel("currency")]),
        FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")]),
        RulesPanel(
            "reward_rules",
            panels=RULE_PANELS,
            heading=gettext_lazy("Rewards"),
            label=gettext_lazy("reward"),
            help_text=gettext_lazy(
                "What each side gets, and what for. A change counts for later sales; rewards that were promised stay "
                "as they are."
            ),
        ),
        FieldPanel("payout_mode"),
        FieldPanel("terms"),
        MultiFieldPanel(
            [
                FieldPanel("attribution"),
                FieldRowPanel([FieldPanel("visit_window_days"), FieldPanel("credit_window_days")]),
            ],
            heading=gettext_lazy("Who is credited, and for how long"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("theme"),
                FieldPanel("landing_page"),
                FieldPanel("share_page"),
                FieldPanel("portal_page"),
                FieldPanel("terms_page"),
            ],
            heading=gettext_lazy("Pages"),
        ),
    ],
    base_form_class=ProgramForm,
)


class ProgramIndexView(IndexView):
    """All programmes; no bulk deletion, because a programme that people joined stays."""

    def get_base_queryset(self) -> QuerySet[Program]:
        return Program.objects.select_related("site").annotate(
            referrer_count=Count("referrers", distinct=True), friend_count=Count("referrals", distinct=True)
        )

    @cached_property
    def add_item_label(self) -> str:
        return _("New referral programme")

    def get_add_url(self) -> str | None:
        """To the starters; an empty programme is one click away from there."""
        return reverse("referral_starter:index") if super().get_add_url() else None

    @cached_property
    def columns(self) -> list[Any]:
        columns: list[Any] = super().columns
        return [column for column in columns if not isinstance(column, BulkActionsCheckboxColumn)]


class ProgramCreateView(OwnStatus, CreateView):
    """A new programme starts with one reward for each side."""

    def get_initial_form_instance(self) -> Program | None:
        if self.request.method == "POST":
            return None
        return Program(reward_rules=[RewardRule(side=Side.REFERRER), RewardRule(side=Side.FRIEND)])


class ProgramEditView(OwnStatus, EditView):
    """The form with the programme's own status beside it."""


class ProgramViewSet(SnippetViewSet):
    model = Program
    icon = "clipboard-list"
    menu_label = gettext_lazy("Programmes")
    admin_url_namespace = "referral_programs"
    base_url_path = "referrals/programmes"
    edit_handler = PANELS
    copy_view_enabled = False
    index_view_class = ProgramIndexView
    add_view_class = ProgramCreateView
    edit_view_class = ProgramEditView
    list_display = [
        "name",
        StatusTagColumn(
            "status", label=gettext_lazy("Status"), accessor="get_status_display",
            primary=lambda program: program.is_open, sort_key="status",
        ),
        Column("currency", label=gettext_lazy("Currency"), sort_key="currency"),
        NumberColumn("referrer_count", label=gettext_lazy("Referrers"), sort_key="referrer_count"),
        NumberColumn("friend_count", label=gettext_lazy("Friends"), sort_key="friend_count"),
        Column("site", label=gettext_lazy("Site")),
        DateColumn("ends_at", label=gettext_lazy("Ends"), sort_key="ends_at"),
    ]  # fmt: skip
    list_filter = ["status", "site"]
    search_fields = ["name", "slug"]
    search_backend_name = None
