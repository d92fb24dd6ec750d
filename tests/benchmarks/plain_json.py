"""What the documents beside this answer, as views written by hand: same SQL, same authentication, same JSON.

They do what the API does for its caller and nothing of what it does for itself: no rate limit, no cost, no deadline. A
change of a document or of the SQL behind it has to come here, too; the benchmark asserts that both agree.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from referral_blocks.access.services import check_api_key
from referral_blocks.analytics.standing import standing_of
from referral_blocks.core.money import Money
from referral_blocks.ledger.points import spendable
from referral_blocks.links.models import ReferralLink
from referral_blocks.links.selectors import link_of_session, link_url
from referral_blocks.payouts.account import PayoutAccount
from referral_blocks.payouts.registry import payout_provider
from referral_blocks.referrals.models import Referral
from referral_blocks.referrers.models import Referrer
from referral_blocks.referrers.session import Session
from referral_blocks.referrers.tokens import read_access_token
from referral_blocks.rewards.milestones import reached_milestones
from referral_blocks.rewards.models import PendingReason, Reason, Reward, RewardChange, RewardState, Side, Trigger
from referral_blocks.rewards.selectors import active_rules
from referral_blocks.sales.models import Sale
from referral_blocks.views.site import site_of

PAGE, ROWS, INNER = 10, 50, 5
TOTAL = Window(expression=Count(1), partition_by=None)


@csrf_exempt
@never_cache
def dashboard(request: HttpRequest) -> JsonResponse:
    """All that a referrer's page shows."""
    session = read_access_token(_bearer(request), site_id=site_of(request).pk)
    if session is None:
        return JsonResponse({"data": None}, status=401)
    return JsonResponse({"data": {"viewer": _viewer(session)}})


@csrf_exempt
@never_cache
def nested(request: HttpRequest) -> JsonResponse:
    """Fifty sales, each with its friend, who brought them, and a list of rewards."""
    key = check_api_key(text=_bearer(request))
    site = site_of(request)
    if key is None or key.site_id != site.pk:
        return JsonResponse({"data": None}, status=401)
    return JsonResponse({"data": {"server": {"sales": _sales(site.pk)}}})


def _bearer(request: HttpRequest) -> str:
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    return text if scheme.lower() == "bearer" else ""


def _viewer(session: Session) -> dict[str, Any]:
    referrer = session.referrer
    program, now = referrer.program, standing_of(referrer=referrer)
    link = link_of_session(session)
    coming = now.next_milestone
    return {
        "firstName": referrer.person.first_name,
        "program": {
            "id": _id("Program", program.public_id),
            "name": program.name,
            "slug": program.slug,
            "currency": program.currency,
            "isOpen": program.is_open,
        },
        "link": link and _link(link),
        "consents": {"greeting": referrer.greeting_consent, "leaderboard": referrer.leaderboard_consent},
        "standing": {
            "visits": now.visits,
            "friends": now.friends,
            "qualified": now.qualified,
            "pending": _money(now.pending, formatted=True),
            "earned": _money(now.earned, formatted=True),
            "nextMilestone": coming
            and {"friendNumber": coming.friend_number, "title": coming.title, "missing": coming.missing},
        },
        "milestones": _milestones(referrer, now.qualified),
        "referrals": _referrals(referrer),
        "rewards": _rewards(referrer),
        "points": {"balance": spendable(program_id=program.pk, person_id=referrer.person_id)},
        "payoutAccounts": _accounts(referrer),
    }


def _link(link: ReferralLink) -> dict[str, Any]:
    qr = link.referrer.program.site.root_url + reverse("referral_blocks:qr", args=[link.code, "svg"])
    return {"code": link.code, "url": link_url(link), "qrSvgUrl": qr}


def _milestones(referrer: Referrer, qualified: int) -> list[dict[str, Any]]:
    rules = active_rules(program_id=referrer.program_id).filter(side=Side.REFERRER, trigger=Trigger.SALE)
    rungs = list(rules.order_by("friend_from", "pk")[:100])
    if max((rule.friend_from for rule in rungs), default=1) == 1:
        return []
    reached = reached_milestones(program_id=referrer.program_id, person_id=referrer.person_id)
    done = {rule.pk: rule.pk in reached or rule.friend_from <= qualified for rule in rungs}
    return [
        {
            "friendNumber": rule.friend_from,
            "title": rule.title,
            "missing": 0 if done[rule.pk] else rule.friend_from - qualified,
            "isReached": done[rule.pk],
        }
        for rule in rungs
    ]


def _referrals(referrer: Referrer) -> dict[str, Any]:
    rows = Referral.objects.filter(referrer=referrer.pk).filter(referrer__in=[referrer])
    rows = rows.only("public_id", "friend_name", "attributed_at", "stage").order_by("-attributed_at", "-pk")
    return _page(
        rows,
        lambda row: {
            "id": _id("Referral", row.public_id),
            "friendFirstName": row.friend_first_name,
            "stage": row.stage.upper(),
            "attributedAt": _at(row.attributed_at),
        },
        size=PAGE,
    )


def _rewards(referrer: Referrer) -> dict[str, Any]:
    states = Prefetch("changes", queryset=RewardChange.objects.filter(field="state"), to_attr="state_changes")
    reasons = Prefetch("pending_reasons", queryset=PendingReason.objects.only("reward_id", "reason", "until"))
    own = Q(pk__in=[]) | Q(person=referrer.person_id, program=referrer.program_id)
    rows = Reward.objects.filter(person_id=referrer.person_id, program_id=referrer.program_id).filter(own)
    rows = rows.select_related("referral").prefetch_related(reasons, states).order_by("-created_at", "-pk")
    rows = rows.only(
        "public_id", "referral__friend_name", "title", "amount_minor", "currency", "state", "created_at"
    )  # fmt: skip
    return _page(
        rows,
        lambda row: {
            "id": _id("Reward", row.public_id),
            "title": row.title,
            "state": row.state.upper(),
            "createdAt": _at(row.created_at),
            "friendFirstName": row.referral.friend_first_name if row.referral else "",
            "value": _money(row.amount, formatted=True),
            "pendingReasons": [
                {"reason": r.reason.upper(), "message": str(Reason(r.reason).label), "until": _at(r.until)}
                for r in row.pending_reasons.all()
            ],
            "timeline": [
                {"state": "PENDING", "at": _at(row.created_at)},
                *({"state": c.to_state.upper(), "at": _at(c.created_at)} for c in row.state_changes),
            ],
        },
        size=PAGE,
    )


def _accounts(referrer: Referrer) -> list[dict[str, Any]]:
    rows = {row.provider: row for row in PayoutAccount.objects.filter(person_id=referrer.person_id)}
    waits = PendingReason.objects.filter(
        reason=Reason.PAYOUT_DETAILS,
        reward__person_id=referrer.person_id,
        reward__program_id=referrer.program_id,
        reward__state=RewardState.PENDING,
    )
    waiting = dict(waits.order_by().values_list("reward__method").annotate(Count("pk")))
    rules = active_rules(program_id=referrer.program_id).filter(side=Side.REFERRER).order_by()
    used = set(rules.values_list("method", flat=True).distinct())
    names = [n for n in sorted({*rows, *waiting, *used}) if payout_provider(n).capabilities.needs_account]
    return [{"provider": name, "state": rows[name].state.upper(), "missing": []} for name in names]


def _sales(site_id: int) -> dict[str, Any]:
    referrers = Referrer.objects.filter(program__site=site_id).select_related("person")
    referrers = referrers.only("public_id", "person__name", "person__email")
    referrals = Referral.objects.filter(program__site=site_id).select_related("friend")
    referrals = referrals.only(
        "public_id", "referrer_id", "friend__name", "friend__email", "friend_name", "attributed_at", "stage"
    ).prefetch_related(Prefetch("referrer", queryset=referrers))
    rows = Sale.objects.filter(program__site=site_id).filter(program__site=site_id).select_related("program")
    rows = rows.only(
        "public_id", "program__public_id", "program__slug", "referral_id", "source", "external_id", "amount_minor",
        "currency", "number", "occurred_at",
    )  # fmt: skip
    rows = rows.prefetch_related(
        Prefetch("referral", queryset=referrals), Prefetch("rewards", queryset=_inner(site_id))
    )
    return _page(rows.order_by("-occurred_at", "-pk"), _sale, size=ROWS)


def _inner(site_id: int) -> QuerySet[Reward]:
    """The first rewards of each sale, and how many it has."""
    reasons = Prefetch("pending_reasons", queryset=PendingReason.objects.only("reward_id", "reason"))
    order = [F("created_at").desc(), F("pk").desc(), F("pk").asc()]
    rows = Reward.objects.filter(program__site=site_id).prefetch_related(reasons)
    rows = rows.only("public_id", "sale_id", "side", "title", "amount_minor", "currency", "state", "created_at")
    rows = rows.annotate(
        _page_row=Window(RowNumber(), partition_by="sale_id", order_by=order),
        _page_total=Window(Count(1), partition_by="sale_id"),
    )
    on_page = Q(_page_row__gt=0) & Q(_page_row__lte=INNER)
    return rows.order_by("_page_row").filter(on_page | Q(_page_row=1))


def _sale(row: Sale) -> dict[str, Any]:
    referral, rewards = row.referral, list(row.rewards.all())
    return {
        "id": _id("Sale", row.public_id),
        "source": row.source,
        "externalId": row.external_id,
        "number": row.number,
        "occurredAt": _at(row.occurred_at),
        "amount": _money(row.amount),
        "program": {"slug": row.program.slug},
        "referral": {
            "id": _id("ReferralRecord", referral.public_id),
            "stage": referral.stage.upper(),
            "friendName": referral.friend_name,
            "attributedAt": _at(referral.attributed_at),
            "friend": {"name": referral.friend.name, "email": referral.friend.email},
            "referrer": {
                "id": _id("ReferrerRecord", referral.referrer.public_id),
                "person": {"name": referral.referrer.person.name, "email": referral.referrer.person.email},
            },
        },
        "rewards": {
            "totalCount": rewards[0]._page_total if rewards else 0,
            "edges": [{"node": _reward(reward)} for reward in rewards],
        },
    }


def _reward(reward: Reward) -> dict[str, Any]:
    return {
        "id": _id("RewardRecord", reward.public_id),
        "side": reward.side.upper(),
        "title": reward.title,
        "state": reward.state.upper(),
        "createdAt": _at(reward.created_at),
        "value": _money(reward.amount),
        "pendingReasons": [
            {"reason": r.reason.upper(), "message": str(Reason(r.reason).label)} for r in reward.pending_reasons.all()
        ],
    }


def _page(rows: QuerySet[Any], show: Any, *, size: int) -> dict[str, Any]:
    found = list(rows.annotate(_strawberry_total_count=TOTAL)[: size + 1])
    edges = [{"cursor": _id("arrayconnection", n), "node": show(row)} for n, row in enumerate(found[:size])]
    return {
        "totalCount": found[0]._strawberry_total_count if found else 0,
        "pageInfo": {"hasNextPage": len(found) > size, "endCursor": edges[-1]["cursor"] if edges else None},
        "edges": edges,
    }


def _money(amount: Money, *, formatted: bool = False) -> dict[str, Any]:
    plain = {"amountMinor": amount.amount_minor, "currency": amount.currency}
    return {**plain, "formatted": amount.format()} if formatted else plain


def _id(kind: str, key: object) -> str:
    return b64encode(f"{kind}:{key}".encode()).decode()


def _at(moment: datetime | None) -> str | None:
    return moment and moment.isoformat()
