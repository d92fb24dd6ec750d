"""The claim desk: friends who said by name who told them, whom that may mean, and the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column

from referral_blocks.core.errors import InvalidInput
from referral_blocks.flows.refer_by_name import confirm_claim, reject_claim
from referral_blocks.links.selectors import link_by_code
from referral_blocks.referrals.claims import candidates, referrer_by_contact
from referral_blocks.referrals.models import ClaimState, ReferralClaim
from referral_blocks.referrers.models import Referrer

from .columns import PersonColumn, Step, StepsColumn
from .desk import DeskView, DeskViewSet
from .filters import ProgramFilterSet
from .steps import OptionalNoteForm, StepView

OTHER, NOBODY = "other", "nobody"


class ClaimFilterSet(ProgramFilterSet):
    class Meta:
        model = ReferralClaim
        fields: tuple[str, ...] = ()


class ClaimDeskView(DeskView):
    rights = ("review_referral",)
    page_title = gettext_lazy("Friends who named somebody")
    header_icon = "user"
    verbose_name_plural = gettext_lazy("friends who named somebody")
    filterset_class = ClaimFilterSet
    search_fields = ["friend__name", "friend__email", "typed_name"]
    default_ordering = "created_at"

    def get_base_queryset(self) -> QuerySet[ReferralClaim]:
        return ReferralClaim.objects.filter(state=ClaimState.OPEN).select_related("friend", "program")

    @cached_property
    def columns(self) -> list[Column]:
        return [
            PersonColumn("friend", label=_("Friend")),
            Column("typed_name", label=_("Told by")),
            Column("program", label=_("Programme")),
            Column("waited", label=_("Waiting for"), accessor=lambda claim: timesince(claim.created_at)),
            StepsColumn(_("Steps"), self.steps),
        ]

    def steps(self, claim: ReferralClaim) -> Iterator[Step]:
        yield Step(_("Decide"), reverse("referral_claim_desk:decide", args=[claim.pk]), primary=True)


class ClaimForm(OptionalNoteForm):
    """The likely ones to choose from, somebody else by code or address, or nobody."""

    who = forms.ChoiceField(label=gettext_lazy("Who is meant?"), widget=forms.RadioSelect)
    other = forms.CharField(
        label=gettext_lazy("Somebody else"), required=False, max_length=254,
        help_text=gettext_lazy("Their referral code, e-mail address or phone number."),
    )  # fmt: skip
    field_order = ["who", "other", "note"]


class DecideClaimView(StepView):
    rights = ("review_referral",)
    queryset = ReferralClaim.objects.select_related("friend", "program")
    form_class = ClaimForm
    page_title = gettext_lazy("Decide who told this friend")
    header_icon = "user"
    submit_label = gettext_lazy("Save the decision")
    back_label = ClaimDeskView.page_title
    back_url_name = "referral_claim_desk:index"
    fields_of_paths = {"referrer": "who"}

    @cached_property
    def likely(self) -> dict[str, Referrer]:
        return {str(found.referrer.pk): found.referrer for found in candidates(claim=self.object)}

    def get_form(self, form_class: Any = None) -> forms.Form:
        form = super().get_form(form_class)
        known = [(key, f"{found} · {found.person.email}") for key, found in self.likely.items()]
        choices = [*known, (OTHER, _("Somebody else")), (NOBODY, _("Nobody can tell, or it is not true: reject it"))]
        form.fields["who"].choices = choices  # type: ignore[attr-defined]
        return form

    def over(self) -> str:
        if self.object.state == ClaimState.OPEN:
            return ""
        return _("“%(friend)s” is decided already: %(state)s.") % {
            "friend": self.object.friend, "state": self.object.get_state_display(),
        }  # fmt: skip

    def facts(self) -> list[tuple[str, Any]]:
        claim: ReferralClaim = self.object
        return [
            (_("Friend"), f"{claim.friend} · {claim.friend.email}"),
            (_("Told by"), claim.typed_name),
            (_("Programme"), claim.program),
            *((answer["label"], answer["text"]) for answer in claim.answers),
        ]

    def run(self, data: dict[str, Any]) -> None:
        claim, actor = self.object, self.request.user
        if data["who"] == NOBODY:
            done = reject_claim(claim=claim, actor=actor, note=data["note"])
            text = _("The claim of “%(friend)s” is rejected.") % {"friend": claim.friend}
            self.tell(done, text, _("It was rejected before. Nothing has changed."))
            return
        referrer = self.likely.get(data["who"]) or self._other(data["other"])
        confirm_claim(claim=claim, referrer=referrer, actor=actor, note=data["note"])
        values = {"friend": claim.friend, "referrer": referrer}
        messages.success(self.request, _("“%(friend)s” is credited to “%(referrer)s”.") % values)

    def _other(self, text: str) -> Referrer:
        program = self.object.program
        link = link_by_code(code=text, site_id=program.site_id)
        if link is not None and link.referrer.program_id == program.pk:
            return link.referrer
        if text.strip() and (found := referrer_by_contact(program=program, text=text.strip())):
            return found
        raise InvalidInput(_("Nobody in this programme has this code, address or number."), path=("other",))


class ClaimDeskViewSet(DeskViewSet):
    name = "referral_claim_desk"
    url_prefix = "referrals/claim-desk"
    icon = "user"
    menu_label = gettext_lazy("Friends who named somebody")
    desk_view = ClaimDeskView
    steps = (("decide", "decide", DecideClaimView),)
