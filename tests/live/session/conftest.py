from __future__ import annotations

import pytest

from tests.support.orb_live import OrbWorld


@pytest.fixture(scope="package")
def played(tmp_path_factory: pytest.TempPathFactory) -> OrbWorld:
    """A session of 200 minutes, carried out by passes five minutes apart."""
    world = OrbWorld(tmp_path_factory.mktemp("orb")).short()
    world.whole_day(5)
    return world
