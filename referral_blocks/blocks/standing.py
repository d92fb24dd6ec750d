"""What a referrer has achieved: friends, rewards, and what each reward waits for."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.programs.models import Program

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import SignInForm, form_for
from .personal import asks_first
from .texts import words


class StandingBlock(ReferralBlock):
    """Everything for a verified referrer; for everybody else a way to ask for a sign-in link, once a page."""

    template_name = "standing"

    heading = blocks.CharBlock(max_length=90, default=words(_("Your friends and rewards")), label=_("Heading"))

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        session = audience.session(program)
        asks = asks_first(audience, program)
        if session and session.verified:
            return {"session": session, "progress": audience.progress(session.referrer)}
        if not asks:
            return {"session": session, "progress": None, "form": None}
        ids = {"form_id": context["form_id"], "anchor": context["anchor"]}
        form = form_for(SignInForm, audience=audience, program=program, **ids)
        return {"session": session, "progress": None, "form": form}

    class Meta:
        icon = "user"
        label = _("Your friends and rewards")
        description = _("For returning referrers: counts, rewards and what each one waits for.")
