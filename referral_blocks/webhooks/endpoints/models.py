"""Endpoints of other systems, and the outbox: one row for each message to each of them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.agent import MAX_AGENT, present_agent
from referral_blocks.core.states import StateChange

MAX_URL = 500
MAX_ANSWER = 300  # characters that are kept of an answer


class Status(models.TextChoices):
    """Whether messages are sent."""

    ON = "on", _("on")
    OFF = "off", _("switched off")
    GONE = "gone", _("switched off: it answered that it is gone")
    FAILING = "failing", _("switched off: it failed for days")


class WebhookEndpoint(models.Model):
    """An address of one site's other system that is told what happens."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey("wagtailcore.Site", verbose_name=_("site"), on_delete=models.CASCADE, related_name="+")
    url = models.CharField(_("address"), max_length=MAX_URL)
    description = models.CharField(_("description"), max_length=120, blank=True)
    kinds = models.JSONField(_("events"), default=list, blank=True)  # empty: all, also those to come
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ON, editable=False)
    # Encrypted. After a rotation the old one signs as well, until the moment beside it.
    secret = models.BinaryField(editable=False)
    old_secret = models.BinaryField(null=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Which system made it, by its API key; empty for people.
    agent = models.CharField(max_length=MAX_AGENT, blank=True, default=present_agent, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # Since its last success, if it failed after that; and how often in a row nobody was there.
    failing_since = models.DateTimeField(null=True, editable=False)
    strikes = models.PositiveIntegerField(default=0, editable=False)
    resting_until = models.DateTimeField(null=True, editable=False)  # where nobody was there, all its messages wait
    leased_until = models.DateTimeField(null=True, editable=False)  # one worker sends to it at a time
    queued_at = models.DateTimeField(null=True, editable=False)  # when the sweeper queued its task

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.description or self.url


class WebhookEndpointChange(StateChange):
    """Who made, changed or switched an endpoint, and when."""

    subject = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="changes")


class DeliveryState(models.TextChoices):
    """How far a message has come."""

    WAITING = "waiting", _("on its way")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("given up")


class Problem(models.TextChoices):
    """Why the last try was no success."""

    STATUS = "status", _("it answered with an error")
    REDIRECT = "redirect", _("it answered with a redirect, which is not followed")
    NOT_FOUND = "not_found", _("its host name was not found")
    REFUSED_ADDRESS = "refused_address", _("its address leads into a private network, or is no address")
    NO_CONNECTION = "no_connection", _("nobody answered the call")
    TLS = "tls", _("its certificate does not hold")
    TIMEOUT = "timeout", _("it took too long")
    PROTOCOL = "protocol", _("its answer is no HTTP")
    SECRET = "secret", _("its secret cannot be read any more: make a new one")


class WebhookDelivery(models.Model):
    """One message to one endpoint. What is sent is frozen; each try is signed anew under the same message id."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # No constraint in the database: it would undo the sale or the payout that is written while somebody deletes an
    # endpoint. A message that is left behind is sent nowhere, and forgotten in its time.
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        verbose_name=_("endpoint"),
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_constraint=False,
    )
    message_id = models.CharField(_("message id"), max_length=64, editable=False)
    kind = models.CharField(_("event"), max_length=40, editable=False)
    body = models.TextField(editable=False)
    is_test = models.BooleanField(default=False, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING, editable=False
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, editable=False)
    next_try_at = models.DateTimeField(_("next try"), null=True, editable=False)  # None once it is done
    give_up_at = models.DateTimeField(editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    tried_at = models.DateTimeField(_("last try"), null=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True, editable=False)
    # Of the last try.
    status_code = models.PositiveSmallIntegerField(_("status code"), null=True, editable=False)
    problem = models.CharField(
        _("problem"), max_length=20, choices=Problem.choices, blank=True, default="", editable=False
    )
    answer = models.CharField(_("answer"), max_length=MAX_ANSWER, blank=True, default="", editable=False)
    milliseconds = models.PositiveIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["endpoint", "message_id"], name="rb_webhook_once")]
        indexes = [
            models.Index(
                fields=["endpoint", "next_try_at"], name="rb_webhook_due", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["created_at"], name="rb_webhook_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"
