"""Staff decide about many flagged friends at once, by their score."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages

from referral_blocks.flows.review_by_score import review_by_score
from referral_blocks.programs.models import Program

from .record_sale import ProgramChoiceField, only_choice
from .steps import FlowFormView, NoteForm


class BulkReviewForm(NoteForm):
    program = ProgramChoiceField(label=gettext_lazy("Programme"), queryset=Program.objects.all(), initial=only_choice)
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        choices=[
            ("approve", gettext_lazy("They are fine: their rewards no longer wait for the review")),
            ("block", gettext_lazy("Block them: their waiting rewards are cancelled, for good")),
        ],
    )
    min_score = forms.IntegerField(label=gettext_lazy("From score"), required=False, min_value=0, max_value=100)
    max_score = forms.IntegerField(label=gettext_lazy("Up to score"), required=False, min_value=0, max_value=100)
    field_order = ["program", "min_score", "max_score", "decision", "note"]


class BulkReviewView(FlowFormView):
    rights = ("review_referral",)
    form_class = BulkReviewForm
    page_title = gettext_lazy("Decide by score")
    header_icon = "warning"
    submit_label = gettext_lazy("Save the decisions")
    back_label = gettext_lazy("Friends to review")
    back_url_name = "referral_review_desk:index"
    fields_of_paths = {"minScore": "min_score"}

    def run(self, data: dict[str, Any]) -> None:
        done = review_by_score(
            program=data["program"],
            approve=data["decision"] == "approve",
            note=data["note"],
            actor=self.request.user,
            min_score=data["min_score"],
            max_score=data["max_score"],
        )
        words = _("Decided: %(decided)d. Changed meanwhile and left out: %(skipped)d. Still to decide: %(left)d.")
        said = words % {"decided": done.decided, "skipped": done.skipped, "left": done.left}
        messages.success(self.request, said)
