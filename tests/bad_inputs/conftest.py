"""The catalogue sees what a user sees: no shape checks stand before our own errors."""

import pytest
from jaxtyping import config


@pytest.fixture(autouse=True)
def _as_users_have_it():
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
