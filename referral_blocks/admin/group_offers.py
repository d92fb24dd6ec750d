"""What programmes offer to groups: how many friends, and in what time."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, HelpPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column, NumberColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from referral_blocks.groups.models import Group, GroupOffer


class GroupOfferForm(WagtailAdminModelForm):
    """An offer stays in the programme in which people have opened groups for it."""

    def clean_program(self) -> Any:
        program = self.cleaned_data["program"]
        moved = self.instance.pk and program.pk != GroupOffer.objects.values_list("program", flat=True).get(
            pk=self.instance.pk
        )
        if moved and Group.objects.filter(offer=self.instance.pk).exists():
            self.add_error("program", _("Groups were opened for this offer, so it stays with its programme."))
        return program


class GroupOfferIndexView(generic.IndexView):
    def get_base_queryset(self) -> QuerySet[GroupOffer]:
        offers = GroupOffer.objects.select_related("program").annotate(group_count=Count("groups"))
        return offers.order_by("program__name", "pk")


class GroupOfferDeleteView(generic.DeleteView):
    """An offer that people have opened groups for stays; the database would refuse with an error page."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if Group.objects.filter(offer=self.object).exists():
            words = _("“%(title)s” cannot be deleted: groups were opened for it. Untick “active” instead.")
            messages.error(request, words % {"title": self.object.title})
            return redirect("referral_group_offers:edit", self.object.pk)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class GroupOfferViewSet(ModelViewSet):
    model = GroupOffer
    name = "referral_group_offers"
    url_prefix = "referrals/group-offers"
    icon = "group"
    menu_label = _("Group offers")
    index_view_class = GroupOfferIndexView
    delete_view_class = GroupOfferDeleteView
    list_display = [
        "title",
        Column("program", label=_("Programme")),
        NumberColumn("size", label=_("Friends")),
        NumberColumn("hours", label=_("Hours")),
        NumberColumn("group_count", label=_("Groups")),
        BooleanColumn("active", label=_("Active")),
    ]
    list_filter = ["program", "active"]
    copy_view_enabled = False
    add_to_reference_index = False
    edit_handler = ObjectList(
        [
            HelpPanel(
                _(
                    "What a complete group earns is a reward of the programme, earned when “a group is complete”. "
                    "Groups that are open keep the size and the time that they were opened with."
                )
            ),
            FieldRowPanel([FieldPanel("program"), FieldPanel("title")]),
            FieldRowPanel([FieldPanel("size"), FieldPanel("hours"), FieldPanel("active")]),
        ],
        base_form_class=GroupOfferForm,
    )
