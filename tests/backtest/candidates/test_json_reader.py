"""Candidate files in JSON: the strict reader names every defect, the loose one drops what it cannot use."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.candidates.json_reader import MAX_BYTES, MAX_CANDIDATES, read_loose, read_strict

NAME = "earnings_trade_candidates_2026-02-17.json"
GOOD = {
    "ticker": "AAPL",
    "grade": "A",
    "score": 90,
    "price": 198.5,
    "gap_size": 6.3,
    "company_name": "Apple Inc.",
}


def document(*rows: dict[str, Any] | str, **changes: Any) -> str:
    return json.dumps({"report_date": "2026-02-17", "candidates": list(rows), **changes})


def row(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def test_a_good_file_is_accepted_as_it_is() -> None:
    report = read_strict(document(GOOD, row(ticker="BRK.B", gap_size=None)), NAME)
    assert report.accepted
    assert [(c.ticker, c.score, c.price, c.gap_size) for c in report.candidates] == [
        ("AAPL", 90.0, 198.5, 6.3),
        ("BRK.B", 90.0, 198.5, None),
    ]
    assert read_strict(document(), NAME).accepted


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ticker": "aapl"}, "ticker_bad_form"),
        ({"ticker": "$AAPL"}, "ticker_not_clean"),
        ({"ticker": "AA PL"}, "ticker_not_clean"),
        ({"ticker": 5}, "wrong_type"),
        ({"ticker": "TOOLONGNAME1"}, "ticker_bad_form"),
        ({"ticker": "A-GRADE"}, "ticker_bad_form"),
        ({"ticker": "BRK-BB"}, "ticker_bad_form"),
        ({"grade": "a"}, "grade_bad"),
        ({"grade": "E"}, "grade_bad"),
        ({"grade": ["A"]}, "grade_bad"),
        ({"score": "80"}, "wrong_type"),
        ({"score": True}, "wrong_type"),
        ({"score": None}, "missing_or_out_of_range"),
        ({"score": 100.5}, "missing_or_out_of_range"),
        ({"price": 0}, "missing_or_out_of_range"),
        ({"price": -1}, "missing_or_out_of_range"),
        ({"price": 10**400}, "missing_or_out_of_range"),
        ({"price": 1e12}, "missing_or_out_of_range"),
        ({"gap_size": "6%"}, "wrong_type"),
        ({"gap_size": 1e9}, "missing_or_out_of_range"),
        ({"company_name": None}, "wrong_type"),
    ],
)
def test_any_defect_rejects_the_whole_file_and_is_explained(change: dict[str, Any], reason: str) -> None:
    report = read_strict(document(GOOD | {"ticker": "MSFT"}, row(**change)), NAME)
    assert (report.accepted, report.candidates, report.reason) == (False, (), reason)
    assert report.findings[0].path.startswith("$.candidates[1]")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "not_object"),
        ("{", "not_json"),
        ("", "not_json"),
        ("[" * 100_000, "not_json"),
        (b"\xff\xfe\x00", "not_utf8"),
        ('{"report_date": "2026-02-17", "candidates": [], "candidates": []}', "duplicate_key"),
        (document(row(price=float("nan"))), "not_finite"),
        (document(row(price=float("inf"))), "not_finite"),
        (document(GOOD, GOOD), "duplicate_ticker"),
        (document("AAPL"), "entry_not_object"),
        (document(candidates={"a": 1}), "candidates_not_list"),
        (document(report_date="2026-02-30"), "report_date_bad"),
        (document(report_date=None), "report_date_bad"),
        (document(*[row(ticker=f"A{i}") for i in range(MAX_CANDIDATES + 1)]), "too_many"),
        (" " * (MAX_BYTES + 1), "too_large"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "bytes",
)
def test_broken_files_are_rejected_with_a_reason(content: bytes | str, reason: str) -> None:
    report = read_strict(content, NAME)
    assert (report.accepted, report.reason) == (False, reason)
    assert report.findings


def test_every_defect_is_listed_not_only_the_first() -> None:
    report = read_strict(document(row(grade="x", score="1", price=None), "no"), NAME)
    assert [finding.path for finding in report.findings] == [
        "$.candidates[0].grade",
        "$.candidates[0].score",
        "$.candidates[0].price",
        "$.candidates[1]",
    ]


def test_the_loose_reader_keeps_what_it_can_and_says_what_it_dropped() -> None:
    report = read_loose(
        document(row(ticker="$AAPL", grade="b", score="80"), "x", row(price=None), row(ticker="a b")), NAME
    )
    assert [(c.ticker, c.grade, c.score) for c in report.candidates] == [("AAPL", "B", 80.0)]
    assert [finding.path for finding in report.findings] == [f"$.candidates[{i}]" for i in (1, 2, 3)]


def test_the_loose_reader_takes_the_date_of_the_name_when_the_file_has_none() -> None:
    assert (
        read_loose(document(GOOD, report_date=None), NAME).candidates[0].report_date.isoformat()
        == "2026-02-17"
    )
    assert read_loose(document(GOOD, report_date=None), "x.json").candidates == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(GOOD)), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_no_content_raises_and_nothing_doubtful_is_accepted(rows: Any, entry: Any) -> None:
    for content in (json.dumps(rows), document(candidates=rows), document(entry), document(row(price=entry))):
        for reader in (read_strict, read_loose):
            report = reader(content, NAME)
            for found in report.candidates:
                assert found.price is not None
                assert found.score is not None
                assert 0 < found.price <= 1_000_000
                assert 0 <= found.score <= 100
        strict = read_strict(content, NAME)
        assert strict.accepted == (not strict.findings)


@pytest.mark.shared
def test_reference_files(shared_data: Path) -> None:
    files = sorted((shared_data / "earnings" / "reports_json").glob("*.json"))
    assert len(files) == 17
    for file in files:
        expected = json.loads((shared_data / "reference" / "earnings_reports_json" / file.name).read_text())
        content = file.read_bytes()
        assert [c.as_json() for c in read_loose(content, file.name).candidates] == expected["loose"], (
            file.name
        )
        strict = read_strict(content, file.name)
        assert strict.accepted == expected["strict"]["accepted"], file.name
        assert [c.as_json() for c in strict.candidates] == expected["strict"]["candidates"], file.name
        assert strict.reason == expected["strict"].get("reason", ""), file.name
