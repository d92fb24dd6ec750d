"""“New referral programme”: the starters as cards, then one form that makes the programme with its pages as drafts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from referral_blocks.blocks.starter import LANDING, Starter, all_starters
from referral_blocks.core.errors import DomainError
from referral_blocks.theming.theme import Theme, get_theme

from .permissions import RequiresRight, may
from .program_pages import KINDS, missing_types
from .starter_form import StarterForm, amount_name
from .starter_making import Made, make_program
from .steps import add_domain_error

MIXINS = {"landing_page": "LandingPageMixin", "share_page": "SharePageMixin"}
DOCS = "docs/how-to/add-to-a-site.md"


class StarterMixin(RequiresRight, WagtailAdminTemplateMixin):
    rights = ("add_program",)
    page_title = gettext_lazy("New referral programme")
    header_icon = "plus"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        # Whoever may add programmes alone cannot open the list.
        listed = may(self.request.user, "view_program", "change_program", "add_program", "delete_program")
        back = [{"url": reverse("referral_programs:list"), "label": _("Programmes")}] if listed else []
        return [*self.breadcrumbs_items, *back, *self.own_breadcrumbs()]

    def own_breadcrumbs(self) -> list[dict[str, Any]]:
        return [{"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        missing = [MIXINS[kind] for kind in missing_types()]
        return {**super().get_context_data(**kwargs), "missing": missing, "docs": DOCS}


class StarterIndexView(StarterMixin, TemplateView):
    """The starters as cards."""

    template_name = "referral_blocks/admin/starter_index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "starters": all_starters(),
            "blank_url": reverse("referral_programs:add"),
        }


@dataclass(frozen=True, slots=True)
class ThemeChoice:
    """A theme as the form shows it: its radio button, its words and what its picture is drawn from."""

    radio: Any
    theme: Theme | None


class StarterFormView(StarterMixin, FormView):
    """One starter's form."""

    template_name = "referral_blocks/admin/starter_form.html"
    form_class = StarterForm

    @cached_property
    def starter(self) -> Starter:
        try:
            return all_starters()[self.kwargs["alias"]]
        except KeyError:
            raise Http404 from None

    def get_page_title(self) -> str:
        return str(self.starter.label)

    def own_breadcrumbs(self) -> list[dict[str, Any]]:
        index = {"url": reverse("referral_starter:index"), "label": StarterMixin.page_title}
        return [index, {"url": "", "label": self.get_page_title()}]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "starter": self.starter, "user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        return {
            **context,
            "starter": self.starter,
            "media": form.media,
            "first": [form["name"]] + ([] if form["site"].is_hidden else [form["site"]]) + [form["parent"]],
            "amounts": [form["currency"], *(form[amount_name(reward)] for reward in self.starter.rewards)],
            "themes": [ThemeChoice(radio, get_theme(str(radio.data["value"]))) for radio in form["theme"].subwidgets],
            "fonts": [t.fonts.stylesheet for t in self._themes(form) if t.fonts and t.fonts.stylesheet],
        }

    @staticmethod
    def _themes(form: StarterForm) -> list[Theme]:
        found = (get_theme(str(value)) for value, _label in form.fields["theme"].choices)
        return [theme for theme in found if theme is not None]

    def form_valid(self, form: StarterForm) -> HttpResponse:
        try:
            made = make_program(starter=self.starter, given=form.cleaned_data, user=self.request.user)
        except DomainError as error:
            fields = {str(n): amount_name(r) for n, r in enumerate(self.starter.rewards)}
            add_domain_error(form, error.at(lambda path: (fields[path[1]],) if path[:1] == ("rules",) else path))
            return self.form_invalid(form)
        except ValidationError as error:
            # A host's page type may ask for more than a starter knows of.
            form.add_error(None, [_("The pages could not be made: %(why)s") % {"why": "; ".join(error.messages)}])
            return self.form_invalid(form)
        self._tell(made)
        return redirect(self._next(made))

    def form_invalid(self, form: StarterForm) -> HttpResponse:
        messages.validation_error(self.request, _("Nothing was made. Please look at the marked fields."), form)
        return super().form_invalid(form)

    def _tell(self, made: Made) -> None:
        links = [(reverse("wagtailadmin_pages:edit", args=[p.pk]), p.title, KINDS[k]) for k, p in made.pages.items()]
        if may(self.request.user, "change_program"):
            url = reverse("referral_programs:edit", args=[made.program.pk])
            links.append((url, made.program.name, _("Programme and rewards")))
        lines = format_html_join("", '<li>{2}: <a href="{0}">{1}</a></li>', links)
        words = (
            _("“%(name)s” had been made already; nothing was made twice.")
            if made.already
            else _("“%(name)s” is ready as a draft. Nobody sees it before you publish its pages and set it live.")
        )
        said = format_html('{}<ul class="rb-made">{}</ul>', words % {"name": made.program.name}, lines)
        messages.success(self.request, said)

    @staticmethod
    def _next(made: Made) -> str:
        page = made.pages.get(LANDING)
        return reverse("wagtailadmin_pages:edit", args=[page.pk]) if page else reverse("referral_programs:list")


def urlpatterns() -> list[URLPattern]:
    return [
        path("", StarterIndexView.as_view(), name="index"),
        path("<slug:alias>/", StarterFormView.as_view(), name="form"),
    ]
