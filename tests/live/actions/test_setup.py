"""What `jutsu init` plans and writes."""

from __future__ import annotations

import errno
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from backtest.core.errors import SettingsError, UsageError
from backtest.core.files import write_atomic
from backtest.strategies.registry import strategy_files
from live.actions import setup
from live.actions.setup import Answers, books_with, current_settings, plan, write
from live.settings.load import load_settings
from live.settings.model import BookSettings

ROOT = Path(__file__).parents[3]


def unchanged(root: Path) -> Answers:
    """Return the answers that keep what is there."""
    return Answers(values={}, books=current_settings(root).books)


def test_an_empty_folder_gets_everything(tmp_path: Path) -> None:
    files = plan(tmp_path, unchanged(tmp_path))
    strategies = {f"config/strategies/{file.name}" for file in strategy_files(ROOT / "config" / "strategies")}
    assert {str(file.path.relative_to(tmp_path)) for file in files} == {
        "config/live.yaml",
        "config/manifest.json",
        *strategies,
        *(f"config/studies/{file.name}" for file in (ROOT / "config" / "studies").iterdir()),
    }
    assert list(tmp_path.iterdir()) == []
    write(files)
    assert (tmp_path / "config/live.yaml").read_bytes() == (ROOT / "config/live.yaml").read_bytes()
    assert plan(tmp_path, unchanged(tmp_path)) == ()


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(plan(tmp_path, unchanged(tmp_path)))
    (tmp_path / "config/strategies/titan.yaml").unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    answers = replace(unchanged(tmp_path), values={"paper.initial_cash": 5_000.0}, secrets={"A": "b"})

    def full(path: Path, content: bytes, mode: int = 0o644) -> None:
        if path.name == "secrets.env":  # the last of them
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_atomic(path, content, mode)

    monkeypatch.setattr(setup, "write_atomic", full)
    with pytest.raises(UsageError, match="No space left on device → nothing was changed"):
        write(plan(tmp_path, answers))
    after = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".bak"}
    assert after == before


def test_own_lines_and_files_stay(tmp_path: Path) -> None:
    write(plan(tmp_path, unchanged(tmp_path)))
    settings, strategy = tmp_path / "config/live.yaml", tmp_path / "config/strategies/golden.yaml"
    settings.write_text(settings.read_text().replace("keep_days: 30", "keep_days: 7   # mine"))
    strategy.write_text(strategy.read_text() + "# mine\n")
    before = settings.read_text()
    (changed,) = plan(tmp_path, replace(unchanged(tmp_path), values={"paper.initial_cash": 5000.0}))
    write((changed,))
    assert settings.read_text() == before.replace("initial_cash: 100000 ", "initial_cash: 5000   ")
    assert settings.with_name("live.yaml.bak").read_text() == before
    assert strategy.read_text().endswith("# mine\n")


def test_secrets_are_private_and_other_keys_stay(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secrets.env"
    path.parent.mkdir()
    path.write_text("# mine\nAPCA_API_KEY_ID=old\nSCHWAB_API_KEY=kept\n")
    path.chmod(0o600)
    wanted = Answers(
        values={}, books=current_settings(tmp_path).books, secrets={"APCA_API_KEY_ID": "new-key-1234"}
    )
    files = plan(tmp_path, wanted)
    assert "new-key-1234" not in repr(files)
    assert "new-key-1234" not in repr(wanted)
    write(files)
    assert path.read_text() == "# mine\nSCHWAB_API_KEY=kept\nAPCA_API_KEY_ID=new-key-1234\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.with_name("secrets.env.bak").exists()
    assert plan(tmp_path, wanted) == ()


def test_secrets_that_others_can_read_stop(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secrets.env"
    path.parent.mkdir()
    path.write_text("SCHWAB_API_KEY=open\n")
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="others can read it"):
        plan(tmp_path, replace(unchanged(tmp_path), secrets={"SCHWAB_API_KEY": "x"}))


def test_what_cannot_be_changed_in_its_line_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/live.yaml").write_text("paper: {initial_cash: 1000}\n")
    with pytest.raises(SettingsError, match=r"paper\.initial_cash does not stand on a line of its own"):
        plan(tmp_path, replace(unchanged(tmp_path), values={"paper.initial_cash": 5.0}))


def test_an_answer_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"live\.yaml"):
        plan(tmp_path, replace(unchanged(tmp_path), values={"paper.initial_cash": -5.0}))


def test_wrong_settings_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/live.yaml").write_text("nonsense: 1\n")
    with pytest.raises(SettingsError):
        current_settings(tmp_path)


GOLDEN = BookSettings(primary="golden", shadows=("titan",))
EARNINGS = BookSettings(primary="ema_p10", shadows=("nwl_p4",), run="on_request")


@pytest.mark.parametrize(
    ("primary", "wanted"),
    [
        ("golden", (GOLDEN, EARNINGS)),
        (
            "titan",
            (BookSettings(primary="titan", shadows=("golden",)), EARNINGS),
        ),
        (
            "ema_p10",
            (
                BookSettings(primary="ema_p10", shadows=("nwl_p4",)),
                BookSettings(primary="golden", shadows=("titan",), run="on_request"),
            ),
        ),
        (
            "gold2026",
            (
                BookSettings(primary="gold2026"),
                BookSettings(primary="golden", shadows=("titan",), run="on_request"),
                EARNINGS,
            ),
        ),
    ],
)
def test_the_chosen_strategy_trades_daily(primary: str, wanted: tuple[BookSettings, ...]) -> None:
    assert books_with((GOLDEN, EARNINGS), primary) == wanted


def test_every_choice_of_books_loads(tmp_path: Path) -> None:
    for primary in ("golden", "titan", "gold2026", "ema_p10", "nwl_p4"):
        root = tmp_path / primary
        chosen = books_with(current_settings(root).books, primary)
        write(plan(root, Answers(values={}, books=chosen)))
        assert load_settings(config=root / "config/live.yaml", environ={}).settings.books == chosen
