"""Questions that people ask, each unfolding its answer."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from .base import ReferralBlock
from .texts import words


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(max_length=160, label=_("Question"))
    answer = blocks.TextBlock(label=_("Answer"), help_text=_("Short. An empty line begins a new paragraph."))

    class Meta:
        icon = "help"
        label = _("Question")


def default_questions() -> list[dict[str, str]]:
    return [
        {
            "question": _now("When do I get my reward?"),
            "answer": _now("After your friend’s first purchase, once the time for returns is over. We mail you."),
        },
        {
            "question": _now("How many friends can I bring?"),
            "answer": _now("As many as you like. Each one counts."),
        },
        {
            "question": _now("What happens with my data?"),
            "answer": _now("We use it for this programme only. Friends read your first name only if you agree."),
        },
    ]


class FaqBlock(ReferralBlock):
    """The first one of a page marks itself up as schema.org’s FAQPage in its attributes: no script, so no policy has to
    be loosened for it."""

    template_name = "faq"
    needs_program = False

    heading = blocks.CharBlock(
        required=False, max_length=90, default=words(_("Questions and answers")), label=_("Heading")
    )
    questions = blocks.ListBlock(
        QuestionBlock(), default=default_questions, min_num=1, max_num=20, label=_("Questions"),
        help_text=_("Check that the examples are true for you."),
    )  # fmt: skip

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        description = _("Frequent questions that unfold their answers; search engines understand them.")
