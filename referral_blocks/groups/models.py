"""Group deals: enough friends buy before the deadline, and everybody is rewarded, or nobody."""

from __future__ import annotations

import uuid

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from referral_blocks.core.states import StateChange


class GroupOffer(models.Model):
    """What a programme offers to groups; what they get is a reward rule with the trigger “group”."""

    program = models.ForeignKey("referral_blocks.Program", on_delete=models.PROTECT, related_name="group_offers")
    title = models.CharField(_("offer"), max_length=120)
    size = models.PositiveSmallIntegerField(
        _("friends who have to buy"), validators=[MinValueValidator(1)], help_text=_("Without the one who opens it.")
    )
    hours = models.PositiveIntegerField(_("open for (hours)"), default=72, validators=[MinValueValidator(1)])
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("group offer")
        verbose_name_plural = _("group offers")

    def __str__(self) -> str:
        return self.title


class GroupState(models.TextChoices):
    OPEN = "open", _("Open")
    COMPLETE = "complete", _("Complete")
    EXPIRED = "expired", _("Expired")


class Group(models.Model):
    """One group on its way."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    offer = models.ForeignKey(GroupOffer, on_delete=models.PROTECT, related_name="groups")
    opener = models.ForeignKey("referral_blocks.Referrer", on_delete=models.PROTECT, related_name="groups")
    size = models.PositiveSmallIntegerField()  # as the offer was when the group was opened
    deadline = models.DateTimeField(_("deadline"))
    state = models.CharField(_("state"), max_length=10, choices=GroupState.choices, default=GroupState.OPEN)
    created_at = models.DateTimeField(_("opened"), auto_now_add=True)

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        indexes = [models.Index(fields=["state", "deadline"], name="rb_group_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "opener"], condition=models.Q(state="open"), name="rb_one_open_group_per_opener"
            )
        ]

    def __str__(self) -> str:
        return f"{self.opener} ({self.offer})"


class GroupMember(models.Model):
    """A friend in a group; ``place`` is 1 to the group’s size, and unique: two people never take one place."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members")
    offer = models.ForeignKey(GroupOffer, on_delete=models.PROTECT, related_name="+")
    referral = models.ForeignKey("referral_blocks.Referral", on_delete=models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()
    active = models.BooleanField(default=True)  # false once the group has expired: the friend may join another
    bought_at = models.DateTimeField(null=True)
    sale = models.ForeignKey("referral_blocks.Sale", null=True, on_delete=models.PROTECT, related_name="+")  # what
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "place"], name="rb_group_place_once"),
            models.UniqueConstraint(
                fields=["offer", "referral"], condition=models.Q(active=True), name="rb_friend_in_one_group"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} #{self.place}"


class GroupChange(StateChange):
    """One step of a group."""

    subject = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="changes")
