"""`python -m backtest monte-carlo` as a person runs it."""

import json
from pathlib import Path

import pytest

from backtest.cli.app import main
from tests.support.study_world import write_prices, write_study

FEW = ("--paths", "200", "--sets", "10", "--histories", "2", "--no-stress")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A computed study with its database."""
    folder = tmp_path_factory.mktemp("monte-carlo")
    study = write_study(folder / "s.yaml", write_prices(folder / "prices"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUTSU_RESEARCH_DB", str(folder / "r.db"))
        patch.chdir(folder)
        assert main(["optimize", str(study), "--rerun", "0"]) == 0
    return folder


@pytest.fixture(autouse=True)
def here(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUTSU_RESEARCH_DB", str(world / "r.db"))


def test_a_set_of_a_study_the_same_bytes_for_any_number_of_workers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = []
    for workers in ("1", "3"):
        assert main(["monte-carlo", "small:54", *FEW, "--workers", workers, "--out", workers]) == 0
        files.append(Path(workers, "monte_carlo.json").read_bytes())
    assert files[0] == files[1]
    text = capsys.readouterr().out
    assert "trial 54" in text
    assert "one of N = " in text
    assert "10 sets around it" in text
    assert "written to 3" in text


def test_a_run_as_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.csv").write_text(
        "date,equity\n" + "".join(f"2024-01-{day:02},{100 + day % 5}\n" for day in range(1, 31))
    )
    assert main(["monte-carlo", "book.csv", *FEW, "--json", "--seed", "3"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["returns"]["sessions"] == 29
    assert "stress" in document["skipped"]
    assert (Path("out/monte-carlo/book-csv") / "monte_carlo.html").is_file()


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["monte-carlo", "small:54", "--dry-run"]) == 0
    assert "10,000 paths of 753 sessions" in capsys.readouterr().out
    assert main(["monte-carlo", "small:54", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["histories"] == 100
    assert list(tmp_path.iterdir()) == []


def code_of(words: list[str]) -> object:
    """Run the command; a word that the parser itself refuses ends the program."""
    try:
        return main(["monte-carlo", *words])
    except SystemExit as ended:
        return ended.code


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing"], 2, "STUDY:TRIAL"),
        (["nothing:3"], 2, "no such study"),
        (["small:120"], 2, "there is no set 120"),
        (["small:54", "--strategy", "golden"], 2, "a set of a study has its own"),
        (["small:54", "--kind", "moving"], 2, "stationary or circular"),
        (["small:54", "--ruin", "2"], 2, "--ruin"),
        (["small:54", "--paths", "0"], 2, "--paths"),
        (["small:54", "--block", "-3"], 2, "--block"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(words) == code
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
