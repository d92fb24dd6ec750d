"""Where a referrer's first name may be read, and the way out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from referral_blocks.referrers.session import Session

from .audience import Audience
from .base import Context
from .personal import PersonalBlock
from .portal_forms import SettingsForm, portal_form
from .texts import words


class MySettingsBlock(PersonalBlock):
    """For verified referrers alone: nobody else is asked to sign in for this."""

    template_name = "my_settings"
    asks: ClassVar[bool] = False

    heading = blocks.CharBlock(max_length=90, default=words(_("Your settings")), label=_("Heading"))

    def personal_context(self, value: Any, *, audience: Audience, session: Session, context: Context) -> Context:
        referrer = session.referrer
        form = portal_form(
            SettingsForm, audience=audience, program=referrer.program,
            form_id=context["form_id"], anchor=context["anchor"],
            greeting_consent=referrer.greeting_consent, leaderboard_consent=referrer.leaderboard_consent,
        )  # fmt: skip
        return {"form": form}

    class Meta:
        icon = "cog"
        label = _("Settings and sign-out")
        description = _("A referrer says whether friends and the leaderboard show their name, and signs out.")
