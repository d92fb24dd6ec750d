"""`python -m tests.external.seed`: fill DATA_DIR as the demo does, and print who may call, and about what.

The demo itself would also serve and work, which nobody waits for here.
"""

import json
import sys
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import Count  # noqa: E402
from strawberry.relay.utils import to_base64  # noqa: E402
from wagtail.models import Page, Site  # noqa: E402

from cms.demo import providers  # noqa: E402
from cms.demo.activity import load_activity  # noqa: E402
from cms.demo.load import ADMIN, demo_file, demo_programs, load_demo  # noqa: E402
from graphql_api.schema import schema  # noqa: E402
from referral_blocks.access.models import Scope  # noqa: E402
from referral_blocks.access.services import create_api_key  # noqa: E402
from referral_blocks.links.models import ReferralLink  # noqa: E402
from referral_blocks.people.models import Person  # noqa: E402
from referral_blocks.programs.models import Program  # noqa: E402
from referral_blocks.referrers.models import Referrer  # noqa: E402
from referral_blocks.referrers.tokens import open_app_session  # noqa: E402


def fill() -> Site:
    """Programmes, pages, and months of a business with them."""
    data, port = Path(settings.DATA_DIR), settings.PORT
    for name in ("mail", "media"):
        (data / name).mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    stand_ins = providers.choose_providers(data=data, port=port)
    demo = load_demo(port=port, file=demo_file(), **{f"{n}_sandbox": s.url for n, s in stand_ins.items()})
    site = Site.objects.get(is_default_site=True)
    with (data / "sandbox.log").open("wb") as log, providers.running(stand_ins, data=data, port=port, log=log):
        load_activity(programs=demo_programs(site), admin=ADMIN, base_url=demo.base_url)
    return site


def session() -> str:
    """The administrator's, as the log-in of Wagtail would have made it."""
    boss, store = get_user_model().objects.get(username=ADMIN), SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(boss.pk), boss.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store.create()
    return str(store.session_key)


def ids() -> list[str]:
    """A few global ids of every type that has rows."""
    found = []
    for kind in schema.schema_converter.type_map.values():
        definition: Any = kind.definition
        made = getattr(getattr(definition, "origin", None), "__strawberry_django_definition__", None)
        if made is not None and made.model is not None:
            rows = made.model._default_manager.order_by("-pk")[:4]
            found += [to_base64(definition.name, row.pk) for row in rows]
    return found


def world(site: Site) -> dict[str, Any]:
    busiest = Referrer.objects.annotate(count=Count("rewards")).order_by("-count", "pk").first()
    assert busiest is not None
    return {
        "key": create_api_key(site_id=site.pk, name="Fuzzer", scopes=Scope.values)[1],
        "referrer": open_app_session(referrer=busiest).access,
        "session": session(),
        "ids": ids(),
        "programs": list(Program.objects.values_list("slug", flat=True)),
        "codes": list(ReferralLink.objects.values_list("code", flat=True)[:5]),
        "emails": list(Person.objects.exclude(email="").values_list("email", flat=True)[:5]),
        "paths": [page.url for page in Page.objects.live() if page.url][:12],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(world(fill())) + "\n")
