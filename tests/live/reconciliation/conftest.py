"""The world in which comparisons with the broker are tested: one account, one file, a scripted market."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.exec_world import world


@pytest.fixture
def made(tmp_path: Path) -> Any:
    return world(tmp_path)
