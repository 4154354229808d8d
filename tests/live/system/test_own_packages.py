"""Nothing runs beside a distribution that owns the name of one of our packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.system.own_packages import foreign_package


def test_this_installation_is_ours() -> None:
    assert foreign_package() is None


@pytest.mark.parametrize(
    "name", ["live-0.1.0.dist-info", "backtest-2.3.dist-info", "Backtest-1.egg-info", "live-1.0.egg-info"]
)
def test_a_foreign_owner_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    found = foreign_package([str(tmp_path)])
    assert found is not None
    assert f"{tmp_path}/{name}" in found


@pytest.mark.parametrize("name", ["jutsu_labs-0.1.dist-info", "live_tools-1.0.dist-info", "backtest", "live"])
def test_other_names_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert foreign_package([str(tmp_path), str(tmp_path / "nowhere")]) is None
