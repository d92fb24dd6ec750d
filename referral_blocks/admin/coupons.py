"""Lists of single-use codes: how many are left, and the import of more."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, NumberColumn
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.import_coupons import ImportedCoupons, import_named_coupons
from referral_blocks.programs.models import Program
from referral_blocks.rewards.models import CouponList

from .desk import DeskView, DeskViewSet
from .filters import ProgramFilterSet
from .record_sale import ProgramChoiceField, only_choice
from .steps import FlowFormView

RIGHT = "add_couponcode"
MAX_BYTES = 10 * 1024 * 1024
SHOWN = 5  # refused lines that the message names


class CouponListFilterSet(ProgramFilterSet):
    class Meta:
        model = CouponList
        fields: tuple[str, ...] = ()


class CouponListsView(DeskView):
    rights = (RIGHT,)
    page_title = gettext_lazy("Coupon lists")
    header_icon = "tag"
    verbose_name_plural = gettext_lazy("coupon lists")
    filterset_class = CouponListFilterSet
    search_fields = ["name"]

    def get_base_queryset(self) -> QuerySet[CouponList]:
        free = Count("codes", filter=Q(codes__reward=None))
        lists = CouponList.objects.select_related("program").annotate(count=Count("codes"), free=free)
        return lists.order_by("program__name", "name", "pk")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            Column("name", label=_("Name")),
            Column("program", label=_("Programme")),
            NumberColumn("count", label=_("Codes")),
            NumberColumn("free", label=_("Left")),
            Column(
                "low", label=_("Stock"), accessor=lambda row: _("Low") if row.free <= row.low_stock_at else _("Enough")
            ),
        ]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        return [HeaderButton(_("Import codes"), url=reverse("referral_coupons:import"), icon_name="upload")]


class CouponImportForm(forms.Form):
    program = ProgramChoiceField(label=gettext_lazy("Programme"), queryset=Program.objects.all(), initial=only_choice)
    name = forms.CharField(
        label=gettext_lazy("List"), max_length=80,
        help_text=gettext_lazy("The name of a list that is there, or of a new one."),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "One code a line, or the first column of a CSV file. Codes that are there stay as they are."
        ),
    )


class CouponImportView(FlowFormView):
    rights = (RIGHT,)
    form_class = CouponImportForm
    page_title = gettext_lazy("Import codes")
    header_icon = "upload"
    submit_label = gettext_lazy("Import them")
    back_label = CouponListsView.page_title
    back_url_name = "referral_coupons:index"
    fields_of_paths = {"text": "file"}

    def run(self, data: dict[str, Any]) -> None:
        done = import_named_coupons(program=data["program"], name=data["name"], text=text_of(data["file"]))
        messages.success(self.request, said(done))
        if done.refused:
            rows = "; ".join(_("row %(row)d: %(why)s") % {"row": r.row, "why": r.message} for r in done.refused[:SHOWN])
            messages.warning(self.request, _("%(n)d refused: %(rows)s") % {"n": len(done.refused), "rows": rows})


def text_of(file: Any) -> str:
    content: bytes = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidInput(_("The file is larger than 10 MB."), code="file_too_large", path=("text",))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(_("This is not a text file in UTF-8."), code="invalid_file", path=("text",)) from None


def said(done: ImportedCoupons) -> str:
    added = ngettext("%(n)d code was added", "%(n)d codes were added", done.added) % {"n": done.added}
    known = ngettext("%(n)d was there already", "%(n)d were there already", done.known) % {"n": done.known}
    return _("%(added)s, %(known)s.") % {"added": added, "known": known}


class CouponListViewSet(DeskViewSet):
    name = "referral_coupons"
    url_prefix = "referrals/coupon-lists"
    icon = "tag"
    menu_label = CouponListsView.page_title
    desk_view = CouponListsView

    def get_urlpatterns(self) -> list[Any]:
        return [*super().get_urlpatterns(), path("import/", CouponImportView.as_view(), name="import")]
