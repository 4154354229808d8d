"""A kill table goes on where it was stopped, and its parts are all of it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.kill_log import KillLog, of_shard, shard


@given(st.lists(st.integers(), max_size=50), st.integers(1, 9))
def test_the_parts_are_disjoint_and_together_all(jobs: list[int], parts: int) -> None:
    taken = [job for part in range(1, parts + 1) for job in of_shard(list(enumerate(jobs)), (part, parts))]
    assert sorted(taken) == list(enumerate(jobs))


def test_a_log_is_read_back_without_its_torn_last_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    KillLog(path).add("a (1,)", {"where": "x", "wrong": []})
    with path.open("a") as file:
        file.write('{"job": "b (2,)", "whe')
    again = KillLog(path)
    assert again.done == {"a (1,)": {"where": "x", "wrong": []}}
    again.add("b (2,)", {"where": "y"})
    assert set(KillLog(path).done) == {"a (1,)", "b (2,)"}


def test_points_of_other_code_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"code": "0"}\n{"job": "a (1,)", "where": "x"}\n')
    assert KillLog(path).done == {}
    KillLog(path).add("b (1,)", {"where": "y"})
    assert KillLog(path).done == {"b (1,)": {"where": "y"}}


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0"])
def test_no_part_of_anything_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        shard(text)
