"""Fixtures shared by every test."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.paths import PROJECT

settings.register_profile("default", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("default")

# A suite in the background of a script ignores Ctrl-C, and so would every program that its tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = PROJECT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real market data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared market data (../shared/data) is not beside this checkout")
    return SHARED
