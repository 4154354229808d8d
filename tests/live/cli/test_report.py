"""`jutsu report parse`."""

import json
from pathlib import Path

import pytest
import typer
from typer.main import Typer
from typer.testing import CliRunner, Result

from backtest.core.errors import UsageError
from live.cli import report

HTML = (
    "<html><body><div class='stock-card'><b class='ticker'>AEO</b><i class='grade-badge'>B - 82 pts</i>"
    "<div><i>Price</i><b>$17.28</b></div></div><div class='stock-card'><h3>$ZZ</h3></div></body></html>"
)


@pytest.fixture
def app() -> Typer:
    made = typer.Typer()
    report.register(made)
    return made


def invoke(app: Typer, *arguments: Path | str) -> Result:
    return CliRunner().invoke(app, ["report", "parse", *map(str, arguments)], catch_exceptions=False)


def test_json_output_is_one_document_of_candidates_and_reasoned_findings(app: Typer, tmp_path: Path) -> None:
    file = tmp_path / "earnings_trade_analysis_2026-03-02.html"
    file.write_text(HTML)
    result = invoke(app, file, "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert list(document) == ["candidates", "findings"]
    (found,) = document["candidates"]
    assert {name: found[name] for name in ("ticker", "grade", "score", "price", "gap", "company")} == {
        "ticker": "AEO",
        "grade": "B",
        "score": 82.0,
        "price": 17.28,
        "gap": None,
        "company": None,
    }
    assert found["grade_source"] == "html"
    assert [(f["where"], f["reason"]) for f in document["findings"]] == [("ZZ", "no_grade")]


def test_a_rejected_json_report_shows_every_reason(app: Typer, tmp_path: Path) -> None:
    file = tmp_path / "earnings_trade_candidates_2026-03-02.json"
    entry = {"ticker": "$AEO", "grade": "A", "score": 90, "price": 10}
    file.write_text(json.dumps({"report_date": "2026-03-02", "candidates": [entry]}))
    document = json.loads(invoke(app, file, "--json").stdout)
    assert document["candidates"] == []
    assert [f["reason"] for f in document["findings"]] == ["ticker_not_clean"]
    loose = json.loads(invoke(app, file, "--json", "--loose").stdout)
    assert [c["ticker"] for c in loose["candidates"]] == ["AEO"]


def test_people_see_a_table_and_the_verdict(app: Typer, tmp_path: Path) -> None:
    file = tmp_path / "earnings_trade_analysis_2026-03-02.html"
    file.write_text(HTML)
    text = invoke(app, file).stdout
    assert "AEO" in text
    assert "1 candidates for 2026-03-02" in text
    assert "no_grade" in text


def test_other_files_are_refused(app: Typer, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a report"):
        invoke(app, tmp_path / "report.pdf")
    with pytest.raises(UsageError, match="cannot be read"):
        invoke(app, tmp_path / "missing.html")
