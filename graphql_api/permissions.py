"""Who may do what: each function lets the caller pass or raises a GraphQLError, before anything is read or written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from referral_blocks.access.models import ApiKey, Scope
from referral_blocks.admin.permissions import may
from referral_blocks.referrers.session import Session

from .context import Context
from .errors import ErrorCode, refusal
from .staff import RIGHTS

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Worker:
    """Who works on the records of one site: a system by its ``key``, or ``user``, a member of staff. Exactly one of the
    two is given."""

    site_id: int
    key: ApiKey | None = None
    user: User | None = None


def require_worker(context: Context) -> Worker:
    """A system with a key of this site, or a member of staff, whatever they may do."""
    if context.staff is not None:
        return Worker(context.site.pk, user=context.staff)
    key = context.api_key
    if key is None:
        raise refusal(
            ErrorCode.UNAUTHENTICATED,
            _(
                "Send a valid API key of this site as “Authorization: Bearer rb_…”, or sign in to the admin and send "
                "its CSRF token as “X-CSRFToken”."
            ),
        )
    if key.site_id != context.site.pk:
        raise _not_with_key()
    return Worker(key.site_id, key=key)


def require_scope(context: Context, scope: Scope, *rights: str) -> Worker:
    """The caller, if their key has the scope, or if they are staff with all of ``rights``; by default those that staff
    need for what the scope allows."""
    worker = require_worker(context)
    if may_work(worker, scope, *rights):
        return worker
    raise not_with_rights() if worker.user is not None else _not_with_key()


def require_person(context: Context, *rights: str) -> tuple[Worker, User]:
    """A member of staff with all of ``rights``, as the caller and as a user. What rests on somebody having looked is no
    system's to say, whatever its key may do."""
    worker = require_worker(context)
    if worker.user is None:
        raise refusal(ErrorCode.FORBIDDEN, _("Only a person who is signed in to the admin may do this."))
    if not all(may(worker.user, right) for right in rights):
        raise not_with_rights()
    return worker, worker.user


def may_work(worker: Worker, scope: Scope, *rights: str) -> bool:
    """Whether their key has the scope, or they are staff with all of ``rights``, by default those it is worth."""
    if worker.user is not None:
        user, needed = worker.user, rights or RIGHTS.get(scope, ())
        return bool(needed) and all(may(user, right) for right in needed)
    return worker.key is not None and scope.value in worker.key.scopes


def not_with_rights() -> Exception:
    """What to say to staff who lack a right."""
    return refusal(ErrorCode.FORBIDDEN, _("You may not do this. Ask whoever gives rights in the admin."))


def _not_with_key() -> Exception:
    return refusal(ErrorCode.FORBIDDEN, _("This API key may not do this on this site."))


def require_verified(session: Session) -> None:
    """Only somebody who opened a link from the mailbox is surely the referrer: anybody can type an address."""
    if not session.verified:
        raise refusal(ErrorCode.UNVERIFIED, _("To see this, open the sign-in link in your e-mail."))
