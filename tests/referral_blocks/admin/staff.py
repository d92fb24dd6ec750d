"""Members of staff for tests: log-ins with exactly the rights that a test names."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission, User
from django.test import Client


def make_staff(*rights: str, username: str = "sam") -> User:
    """Somebody who may enter the admin and has ``rights`` (codenames) through a group, as Wagtail hands them out."""
    user = User.objects.create_user(username, f"{username}@example.com", "secret")
    group = Group.objects.create(name=f"{username}’s group")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for right in rights:
        group.permissions.add(Permission.objects.get(codename=right, content_type__app_label="referral_blocks"))
    user.groups.add(group)
    return user


def staff_client(*rights: str, username: str = "sam") -> Client:
    """A browser of such a member of staff."""
    client = Client()
    client.force_login(make_staff(*rights, username=username))
    return client


def messages_of(response) -> list[str]:
    """What the answer tells the user, without markup of buttons."""
    return [str(message).strip() for message in response.context["messages"]]
