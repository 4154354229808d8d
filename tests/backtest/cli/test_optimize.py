"""`python -m backtest optimize` as a person runs it."""

import json
from pathlib import Path

import pytest

from backtest.cli.app import main
from tests.support.study_world import write_prices, write_study


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("optimize")
    write_study(folder / "studies" / "s.yaml", write_prices(folder / "prices"))
    return folder


@pytest.fixture(autouse=True)
def here(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / "state" / "r.db"))


def run(world: Path, *options: str) -> int:
    return main(["optimize", str(world / "studies" / "s.yaml"), "--rerun", "1", *options])


def test_the_same_table_for_any_number_of_workers(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = []
    for workers in ("1", "2", "3"):
        monkeypatch.setenv("JUTSU_RESEARCH_DB", str(tmp_path / f"{workers}.db"))
        assert run(world, "--workers", workers, "--out", workers) == 0
        tables.append(Path(workers, "top.csv").read_bytes())
    assert len(set(tables)) == 1
    shown = capsys.readouterr()
    assert "best: trial" in shown.out
    assert "DSR" in shown.out
    assert "120/120 sets" in shown.err


def test_a_run_again_computes_nothing_and_writes_the_same(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world) == 0
    (folder,) = Path("out/studies").iterdir()
    first = (folder / "top.csv").read_bytes()
    capsys.readouterr()
    assert run(world, "--json") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["tried"] == 108
    assert "/s" not in shown.err  # no set was computed, so there is no rate
    assert (folder / "top.csv").read_bytes() == first
    assert run(world, "--fresh") == 0
    assert (folder / "top.csv").read_bytes() == first


def test_another_seed_is_another_study_and_one_line_says_why(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world) == 0
    assert run(world, "--seed", "8") == 0
    assert "other study file than study" in capsys.readouterr().err


def test_a_dry_run_runs_nothing(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(world, "--dry-run") == 0
    assert "120 sets over" in capsys.readouterr().out
    assert run(world, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["broken"] == 12
    assert list(tmp_path.iterdir()) == []


def test_a_deadline_ends_it_with_exit_code_7_and_the_next_run_goes_on(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, "--workers", "1", "--deadline", "0.000001") == 7
    assert "the same command goes on" in capsys.readouterr().err
    assert run(world) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budget", "50"), "the budget is 50"),
        (("--workers", "0"), "not above 0"),
        (("--out", "/proc/none"), "give another --out"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    world: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, *options) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert said in last


def test_a_space_without_a_valid_set_is_said(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_study(Path("c.yaml"), world / "prices", constraints=["sma_fast > sma_slow"])
    assert main(["optimize", str(path), "--dry-run"]) == 0
    assert main(["optimize", str(path)]) == 2
    assert "exclude all 120" in capsys.readouterr().err.splitlines()[-1]


def test_a_study_of_rules_that_no_search_knows_says_so(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_study(Path("e.yaml"), world / "prices", study={"name": "e", "strategy": "orb"})
    assert main(["optimize", str(path)]) == 2
    assert "no search knows the rules of orb" in capsys.readouterr().err
    assert main(["optimize", "nowhere.yaml", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == 2


def test_a_wrong_settings_file_is_told_before_the_search(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, "--config", "nothing.yaml") == 2
    assert "nothing.yaml" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_a_leg_without_bars_stops_the_search(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prices(tmp_path / "prices")
    (tmp_path / "prices" / "TQQQ.csv").unlink()
    write_study(tmp_path / "mine.yaml", tmp_path / "prices")
    assert main(["optimize", "mine.yaml"]) == 5
    assert "mine.yaml: no bars of TQQQ in" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
