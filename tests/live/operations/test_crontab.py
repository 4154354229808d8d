"""The crontab lines of both stages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.operations import crontab
from live.operations.crontab import STAGES
from live.system import programs


def test_panic_comments_out_the_lines_of_both_stages_only() -> None:
    text = (
        "# jutsu\n45 15 * * 1-5 cd /opt && python -m live.signal_generator\n"
        "46 15 * * 1-5 cd /opt && python -m live.executor\n0 3 * * * backup\n"
    )
    changed, count = crontab.comment_out(text)
    assert count == 2
    assert changed.splitlines()[1].startswith("# disabled by jutsu panic: 45 15")
    assert changed.splitlines()[3] == "0 3 * * * backup"
    assert crontab.comment_out(changed) == (changed, 0)


@given(
    st.lists(st.sampled_from(["", "# x", "0 3 * * * backup", *(f"1 2 * * * python -m {s}" for s in STAGES)]))
)
def test_only_lines_that_call_a_stage_change(lines: Any) -> None:
    changed, count = crontab.comment_out("\n".join(lines))
    after = changed.splitlines()
    calls = [any(stage in line for stage in STAGES) for line in lines]
    assert count == sum(calls)
    for line, new, call in zip(lines, after, calls, strict=False):
        assert new == (f"# disabled by jutsu panic: {line}" if call else line)
    assert not any(stage in line and not line.startswith("#") for line in after for stage in STAGES)


@given(
    st.lists(
        st.sampled_from(["", "# x", "# 1 2 * * * python -m live.executor", "0 3 * * * backup"])
        | st.sampled_from([f"1 2 * * * python -m {s}" for s in STAGES])
    ),
    st.sampled_from(["", "\n"]),
)
def test_resume_restores_exactly_what_panic_commented_out(lines: Any, end: Any) -> None:
    text = "\n".join(lines) + end
    changed, count = crontab.comment_out(text)
    assert crontab.restore(changed) == (text, count)
    assert crontab.restore(text) == (text, 0)  # what a person commented out stays so


def program(tmp_path: Any, monkeypatch: Any, body: Any) -> Any:
    """Put a `crontab` command of our own first on the path."""
    path = tmp_path / "crontab"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def test_without_the_program_there_is_nothing_to_read_or_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert crontab.crontab() is None
    assert crontab.install_crontab("x\n") is False


def test_a_user_without_a_crontab_has_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo 'no crontab for me' >&2; exit 1")
    assert crontab.crontab() == ""
    assert crontab.install_crontab("x\n") is False


def test_what_is_installed_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    program(tmp_path, monkeypatch, f'if [ "$1" = -l ]; then cat {kept}; else cat > {kept}; fi')
    assert crontab.install_crontab("1 2 * * * python -m live.executor\n") is True
    assert crontab.crontab() == "1 2 * * * python -m live.executor\n"


def test_a_cron_that_does_not_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The executor looks at it before it trades: what hangs there must not end it."""
    program = tmp_path / "crontab"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(programs, "PATIENCE", 0.3)
    assert crontab.crontab() is None
    assert not crontab.install_crontab("")


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("cd /a/b && python -m live.executor", True),
        ("cd '/a/b' ; .venv/bin/python -m live.executor >> logs/cron.log 2>&1", True),
        ("sh -c 'cd /a/b && python -m live.executor'", True),
        ("cd /a && cd b && python -m live.executor", True),
        ("python -m live.executor --config /a/b/config/live.yaml", True),
        ("cd /elsewhere && python -m live.executor --config=/a/b/config/live.yaml", True),
        ("cd /a/b && python -m live.executor --config /other/config/live.yaml", False),
        ("cd /a && python -m live.executor", False),
        ("cd /a/b/c && python -m live.executor", False),
        ("cd /a/b2 && python -m live.executor", False),
        ("/a/b/.venv/bin/python -m live.executor", False),
    ],
)
def test_a_line_belongs_to_the_project_it_starts_in(line: str, ours: bool) -> None:
    assert crontab.belongs(f"45 15 * * 1-5  {line}", Path("/a/b")) is ours
