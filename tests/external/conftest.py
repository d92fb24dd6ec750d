"""What several tests here share."""

import pytest

from .api import running_api


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api
