"""`jutsu runs`: the sessions of a project, on the screen and as JSON."""

import json
from pathlib import Path

from tests.support.user_world import called, jutsu, new_user


def test_a_new_project_has_no_runs(tmp_path: Path) -> None:
    config = new_user(tmp_path / "jutsu").config
    ran = called(lambda: jutsu(["runs", "--config", str(config)]))
    assert (ran.code, ran.out) == (0, "no runs yet\n")
    ran = called(lambda: jutsu(["runs", "--json", "--config", str(config)]))
    assert json.loads(ran.out) == []


def test_a_wrong_date_is_one_line(tmp_path: Path) -> None:
    config = new_user(tmp_path / "jutsu").config
    ran = called(lambda: jutsu(["runs", "--since", "monday", "--config", str(config)]))
    assert ran.code == 2
    assert "YYYY-MM-DD" in ran.err
