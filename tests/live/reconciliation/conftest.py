"""The world in which comparisons with the broker are tested: one account, one file, a scripted market."""

import pytest

from tests.support.exec_world import world


@pytest.fixture
def made(tmp_path):
    return world(tmp_path)
