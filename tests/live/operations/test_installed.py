"""A marked block of the crontab, and files of ours in a folder: planned, written, the old kept."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from live.operations import crontab, installed, timers
from live.operations.installed import BEGIN, END, with_block
from live.operations.schedule import Project
from live.operations.systemd import systemd_files

FOLDER = Path("/my folder")
LINES = st.lists(
    st.sampled_from(["", "# mine", "0 3 * * * backup", f"{BEGIN}/other", "1 2 * * * x", f"{END}/other"])
)


@given(
    LINES, st.lists(st.sampled_from(["1 1 * * * a", "2 2 * * * b"]), min_size=1), st.sampled_from(["", "\n"])
)
def test_a_block_comes_and_goes_without_touching_a_line(lines: list[str], block: list[str], end: str) -> None:
    text = "\n".join(lines) + end
    held = with_block(text, FOLDER, block)
    assert with_block(held, FOLDER, block) == held
    assert with_block(held, FOLDER, ["3 3 * * * c"]).count(BEGIN + str(FOLDER)) == 1
    without = with_block(held, FOLDER, None)
    assert without.rstrip("\n") == text.rstrip("\n")
    inside = held[held.index(f"{BEGIN}{FOLDER}\n") : held.index(f"{END}{FOLDER}\n")].splitlines()[1:]
    assert inside == block


def test_two_projects_have_a_block_each() -> None:
    both = with_block(with_block("", Path("/a"), ["1 a"]), Path("/a/b"), ["2 b"])
    assert with_block(both, Path("/a"), None) == with_block("", Path("/a/b"), ["2 b"])


def test_an_installation_never_undoes_a_panic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crontab, "crontab", lambda: f"{crontab.DISABLED}1 2 * * * python -m live.executor\n")
    with pytest.raises(UsageError, match="panic"):
        installed.crontab_change(FOLDER, ["1 1 * * * a"])
    assert installed.crontab_change(FOLDER, None) is None, "nothing of ours to remove"


def test_what_a_panic_stopped_is_seen_in_the_crontab_and_beside_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str | None] = [None]
    monkeypatch.setattr(crontab, "crontab", lambda: lines[0])
    assert not installed.stopped_by_panic(tmp_path)
    lines[0] = f"{crontab.DISABLED}1 2 * * * python -m live.executor\n"
    assert installed.stopped_by_panic(tmp_path)
    lines[0] = ""
    (tmp_path / timers.RECORD).write_text("[]")
    assert installed.stopped_by_panic(tmp_path)


def test_without_cron_another_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crontab, "crontab", lambda: None)
    with pytest.raises(UsageError, match="--systemd"):
        installed.crontab_change(FOLDER, ["1 1 * * * a"])


def test_lines_outside_the_block_are_counted() -> None:
    line = f"1 2 * * * cd {shlex.quote(str(FOLDER))} && python -m live.executor"
    text = with_block(f"{line}\n# {line}\n", FOLDER, [line])
    assert installed.doubled(text, FOLDER) == 1
    assert installed.doubled(text, FOLDER.parent) == 0, "a folder that holds the project is another one"


def test_files_are_replaced_removed_and_kept(tmp_path: Path) -> None:
    files = dict(systemd_files(Project(FOLDER), ()))
    first = installed.unit_changes(tmp_path, FOLDER, files.items())
    installed.write_files(first)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == files
    assert installed.unit_changes(tmp_path, FOLDER, files.items()) == ()
    gone = {name: text for name, text in files.items() if "backup." not in name}
    second = installed.unit_changes(tmp_path, FOLDER, gone.items())
    assert {c.path.name for c in second if c.path} == {"jutsu-backup.service", "jutsu-backup.timer"}
    installed.write_files(second)
    assert (tmp_path / "jutsu-backup.timer.old").read_text() == files["jutsu-backup.timer"]
    assert not (tmp_path / "jutsu-backup.timer").exists()


def test_units_of_another_project_are_left_alone(tmp_path: Path) -> None:
    files = dict(systemd_files(Project(Path("/other")), ()))
    installed.write_files(installed.unit_changes(tmp_path, Path("/other"), files.items()))
    with pytest.raises(UsageError, match="another project"):
        installed.unit_changes(tmp_path, FOLDER, systemd_files(Project(FOLDER), ()))
    assert installed.unit_changes(tmp_path, FOLDER, ()) == (), "nothing of ours to remove"
