"""The base of blocks that hold something of one referrer: what everybody else is shown in their place."""

from __future__ import annotations

from typing import Any, ClassVar

from referral_blocks.programs.models import Program
from referral_blocks.referrers.session import Session

from .audience import Audience
from .base import Context, ReferralBlock
from .forms import SignInForm, form_for


def asks_first(audience: Audience, program: Program) -> bool:
    """Whether no block before has asked to sign in to this programme."""
    return audience.is_first(f"sign-in-{program.pk}")


class PersonalBlock(ReferralBlock):
    """For a verified referrer. Of all such blocks of a programme on a page, the first asks everybody else to sign in;
    the others show nothing, so that no page repeats itself. ``asks`` is False for blocks that never ask."""

    asks: ClassVar[bool] = True

    def extra_context(self, value: Any, *, audience: Audience, program: Program | None, context: Context) -> Context:
        assert program is not None  # noqa: S101 - needs_program
        session = audience.session(program)
        if session and session.verified:
            own = self.personal_context(value, audience=audience, session=session, context=context)
            return {"session": session, "referrer": session.referrer, **own}
        if not self.asks or not asks_first(audience, program):
            return {"session": session, "referrer": None, "sign_in": None}
        # Asking for a link leads back to #standing, whichever block it was asked in.
        ids = {"form_id": context["form_id"], "anchor": audience.anchor("standing")}
        form = form_for(SignInForm, audience=audience, program=program, **ids)
        return {"session": session, "referrer": None, "sign_in": form, "sign_in_anchor": ids["anchor"]}

    def personal_context(self, value: Any, *, audience: Audience, session: Session, context: Context) -> Context:
        """What the template needs for a verified referrer."""
        return {}
