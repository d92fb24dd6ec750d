"""Fixtures of the messages’ tests."""

import pytest
from django.contrib.auth import get_user_model

from tests.payout_fake import register


@pytest.fixture
def shop(settings):
    """The books of the provider “fake”."""
    return register(settings)


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_user("staff")
