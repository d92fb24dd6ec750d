"""What staff say of a friend who has not bought yet: somebody was in touch, they do not qualify, they are left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.widgets.button import HeaderButton

from referral_blocks.flows.nurture_referral import nurture_referral
from referral_blocks.flows.unqualify_referral import unqualify_referral
from referral_blocks.flows.withdraw_referral import withdraw_referral
from referral_blocks.referrals.models import Referral, Stage
from referral_blocks.referrals.services import UNEARNED

from .permissions import may
from .steps import NoteForm, OptionalNoteForm, StepView

RIGHT = "review_referral"


def buttons_for(referral: Referral, user: Any) -> Iterator[HeaderButton]:
    """The steps that this user may take with the friend now. Icons alone: a phone’s header shows no more."""
    if referral.stage not in UNEARNED or not may(user, RIGHT):
        return

    def button(label: str, name: str, icon: str, priority: int) -> HeaderButton:
        url = reverse(f"referral_friends:{name}", args=[referral.pk])
        return HeaderButton(label, url=url, icon_name=icon, icon_only=True, priority=priority)

    if referral.stage == Stage.CAPTURED:
        yield button(_("Somebody was in touch"), "contacted", "comment", 10)
    yield button(_("Does not qualify"), "unqualify", "cross", 20)
    yield button(_("Leave this friend out"), "withdraw", "logout", 30)


class FriendStepView(StepView):
    rights = (RIGHT,)
    queryset = Referral.objects.select_related("friend", "referrer__person", "program")
    form_class: type[forms.Form] = NoteForm
    back_label = gettext_lazy("Friends")
    back_url_name = "referral_friends:index"
    fields_of_paths = {"reason": "note"}
    follows = gettext_lazy("Rewards that are not on their way are cancelled. This is for good.")

    def get_success_url(self) -> str:
        if may(self.request.user, "view_referral"):
            return reverse("referral_friends:inspect", args=[self.object.pk])
        return reverse("referral_review_desk:index")

    def over(self) -> str:
        return "" if self.object.stage in UNEARNED else self.before()

    def before(self) -> str:
        return _("This friend is “%(stage)s” already. Nothing has changed.") % {
            "stage": self.object.get_stage_display()
        }

    def facts(self) -> list[tuple[str, Any]]:
        referral: Referral = self.object
        return [
            (_("Friend"), f"{referral.friend} · {referral.friend.email}"),
            (_("Referrer"), f"{referral.referrer} · {referral.referrer.person.email}"),
            (_("Programme"), referral.program),
            (_("Stage"), referral.get_stage_display()),
            (_("What happens"), self.follows),
        ]

    def said(self, *, done: bool) -> None:
        yes = _("“%(friend)s” is “%(stage)s” now.") % {
            "friend": self.object.friend, "stage": self.object.get_stage_display(),
        }  # fmt: skip
        self.tell(done, yes, self.before())


class ContactedView(FriendStepView):
    form_class = OptionalNoteForm
    page_title = gettext_lazy("Somebody was in touch with this friend")
    header_icon = "comment"
    submit_label = gettext_lazy("Save it")
    follows = gettext_lazy("The referrer sees that the friend is being looked after. Nothing else changes.")

    def over(self) -> str:
        return "" if self.object.stage == Stage.CAPTURED else self.before()

    def run(self, data: dict[str, Any]) -> None:
        self.said(done=nurture_referral(referral=self.object, note=data["note"], actor=self.request.user))


class UnqualifyView(FriendStepView):
    page_title = gettext_lazy("This friend does not qualify")
    header_icon = "cross"
    submit_label = gettext_lazy("Does not qualify")

    def run(self, data: dict[str, Any]) -> None:
        self.said(done=unqualify_referral(referral=self.object, reason=data["note"], actor=self.request.user))


class WithdrawView(FriendStepView):
    page_title = gettext_lazy("Leave this friend out")
    header_icon = "logout"
    submit_label = gettext_lazy("Leave them out")

    def run(self, data: dict[str, Any]) -> None:
        self.said(done=withdraw_referral(referral=self.object, reason=data["note"], actor=self.request.user))
