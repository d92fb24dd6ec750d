"""Staff download what is kept about somebody who has asked for it; that they did stands in the server's log, by ids."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from referral_blocks.flows.export_person import write_person
from referral_blocks.people.models import Person

from .steps import StepView

logger = logging.getLogger(__name__)


class ExportForm(forms.Form):
    checked = forms.BooleanField(
        label=gettext_lazy("I have made sure that it is this person who asks"),
        help_text=gettext_lazy(
            "Such as by an answer from their own mailbox. They can also do it themselves, on the page “Your data”."
        ),
    )


class ExportView(StepView):
    rights = ("export_person",)
    form_class = ExportForm
    queryset = Person.objects.filter(erased_at=None)
    page_title = gettext_lazy("Download what is kept about this person")
    header_icon = "download"
    submit_label = gettext_lazy("Download")
    back_label = gettext_lazy("People")
    back_url_name = "referral_people:index"

    def facts(self) -> list[tuple[str, Any]]:
        person: Person = self.object
        return [(_("Name"), person.name or "–"), (_("E-mail"), person.email)]

    def form_valid(self, form: forms.Form) -> HttpResponseBase:  # type: ignore[override]
        person: Person = self.object
        logger.info("The data of person %s was downloaded by user %s", person.pk, self.request.user.pk)
        name = f"person-{person.pk}-{timezone.now():%Y-%m-%d}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return StreamingHttpResponse(write_person(person=person), content_type="application/json", headers=headers)
