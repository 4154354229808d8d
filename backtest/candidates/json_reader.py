"""Candidate files in JSON: the strict reader that live trading trusts, and the loose one for old files."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from math import isfinite
from typing import Any, Final, NoReturn

from backtest.calendar.sessions import NEW_YORK
from backtest.candidates.model import TICKER
from backtest.candidates.report import CandidateReport, date_in_name, rejected
from backtest.core.candidate import GRADES, Candidate
from backtest.core.errors import Finding

MAX_BYTES: Final = 2_000_000
MAX_CANDIDATES: Final = 1_000
MAX_PRICE: Final = 1_000_000.0
MAX_GAP: Final = 1_000.0
_NUMBER_TEXT: Final = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*")
_FIX: Final = "write the file again with the report generator"


class _Defect(ValueError):  # noqa: N818 - carried to a finding, never raised to a caller
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_strict(content: bytes | str, name: str = "") -> CandidateReport:
    """Read a candidate file for live trading: any defect rejects the whole file.

    Every defect becomes a finding; `reason` is the code of the first one. A report date missing from the file
    is a defect; whether it is the date to trade on is for the caller to judge.
    """
    findings: list[Finding] = []
    codes: list[str] = []

    def defect(where: str, code: str, problem: str) -> None:
        findings.append(Finding(where, f"{code}: {problem}", _FIX))
        codes.append(code)

    named = date_in_name(name)
    try:
        document = _load(content, strict=True)
    except _Defect as error:
        defect("$", error.code, str(error))
        return rejected(named, findings, codes[0])
    if not isinstance(document, dict):
        defect("$", "not_object", "the file must hold one object")
        return rejected(named, findings, codes[0])
    day = _iso_date(document.get("report_date"))
    if day is None:
        defect(
            "$.report_date", "report_date_bad", f"must be YYYY-MM-DD, is {_show(document.get('report_date'))}"
        )
    rows = document.get("candidates")
    if not isinstance(rows, list):
        defect("$.candidates", "candidates_not_list", f"must be a list, is {_show(rows)}")
        return rejected(day or named, findings, codes[0])
    if len(rows) > MAX_CANDIDATES:
        defect("$.candidates", "too_many", f"{len(rows)} candidates, at most {MAX_CANDIDATES} are believable")
        return rejected(day or named, findings, codes[0])
    seen: set[str] = set()
    for index, row in enumerate(rows):
        where = f"$.candidates[{index}]"
        for field, code, problem in _strict_defects(row):
            defect(f"{where}{field}", code, problem)
        ticker = row.get("ticker") if isinstance(row, dict) else None
        if isinstance(ticker, str) and ticker in seen:
            defect(f"{where}.ticker", "duplicate_ticker", f"{ticker} is listed twice")
        elif isinstance(ticker, str):
            seen.add(ticker)
    if findings or day is None:
        return rejected(day or named, findings, codes[0])
    candidates = tuple(_candidate(row, row["ticker"], row["grade"], day) for row in rows)
    return CandidateReport(day, candidates, generated_at=_instant(document.get("generated_at")))


def read_loose(content: bytes | str, name: str = "") -> CandidateReport:
    """Read a candidate file for simulation: bad entries are dropped, each with a finding."""
    findings: list[Finding] = []
    named = date_in_name(name)
    try:
        document = _load(content, strict=False)
    except _Defect as error:
        return CandidateReport(named, (), (Finding("$", f"{error.code}: {error}"),))
    rows = document.get("candidates") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(rows, list):
        return CandidateReport(named, (), (Finding("$", "candidates_not_list: no list of candidates"),))
    day = _iso_date(document.get("report_date")) or named
    if day is None:
        return CandidateReport(
            None, (), (Finding("$.report_date", "report_date_bad: neither file nor name has one"),)
        )
    candidates = []
    for index, row in enumerate(rows):
        try:
            candidates.append(_loose_candidate(row, day))
        except _Defect as error:
            findings.append(Finding(f"$.candidates[{index}]", f"{error.code}: {error}"))
    made = _instant(document.get("generated_at"))
    return CandidateReport(day, tuple(candidates), tuple(findings), generated_at=made)


def _load(content: bytes | str, *, strict: bool) -> Any:
    if len(content) > MAX_BYTES:
        raise _Defect("too_large", f"{len(content):,} bytes, at most {MAX_BYTES:,}")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return json.loads(
            text,
            object_pairs_hook=_unique if strict else None,
            parse_constant=_refuse_constant if strict else None,
        )
    except _Defect:
        raise
    except UnicodeDecodeError as error:
        raise _Defect("not_utf8", f"not UTF-8 text at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise _Defect("not_json", " ".join(str(error).split())[:200]) from error


def _refuse_constant(text: str) -> NoReturn:
    raise _Defect("not_finite", f"{text} is not a number of JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise _Defect("duplicate_key", f"a key appears twice among {', '.join(sorted(set(names)))[:100]}")
    return dict(pairs)


def _strict_defects(row: object) -> list[tuple[str, str, str]]:
    """Return field, code and problem of every defect of one entry."""
    if not isinstance(row, dict):
        return [("", "entry_not_object", f"must be an object, is {_show(row)}")]
    found = []
    ticker = row.get("ticker")
    if not isinstance(ticker, str):
        found.append((".ticker", "wrong_type", f"must be text, is {_show(ticker)}"))
    elif "$" in ticker or ticker != "".join(ticker.split()):
        found.append((".ticker", "ticker_not_clean", f"{_show(ticker)} has a $ or a blank"))
    elif not TICKER.fullmatch(ticker):
        found.append((".ticker", "ticker_bad_form", f"{_show(ticker)} is no ticker"))
    if row.get("grade") not in GRADES:
        found.append((".grade", "grade_bad", f"must be A, B, C or D, is {_show(row.get('grade'))}"))
    found += _number_defect(row, "score", 0.0, 100.0)
    found += _number_defect(row, "price", 0.0, MAX_PRICE, above=True)
    if row.get("gap_size") is not None:
        found += _number_defect(row, "gap_size", -100.0, MAX_GAP)
    if "company_name" in row and not isinstance(row["company_name"], str):
        found.append((".company_name", "wrong_type", f"must be text, is {_show(row['company_name'])}"))
    return found


def _number_defect(
    row: dict[str, Any], key: str, low: float, high: float, *, above: bool = False
) -> list[tuple[str, str, str]]:
    value = row.get(key)
    if key not in row or value is None:
        return [(f".{key}", "missing_or_out_of_range", "is missing")]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [(f".{key}", "wrong_type", f"must be a number, is {_show(value)}")]
    if isinstance(value, float) and not isfinite(value):
        return [(f".{key}", "not_finite", f"is {value}")]
    if not low <= value <= high or (above and value == low):
        span = f"above {low:g} and at most {high:g}" if above else f"{low:g} to {high:g}"
        return [(f".{key}", "missing_or_out_of_range", f"must be {span}, is {_show(value)}")]
    return []


def _loose_candidate(row: object, day: date) -> Candidate:
    if not isinstance(row, dict):
        raise _Defect("entry_not_object", f"is {_show(row)}")
    ticker = str(row.get("ticker") or "").replace("$", "").strip()
    if not TICKER.fullmatch(ticker):
        raise _Defect("ticker_bad_form", f"{_show(row.get('ticker'))} is no ticker")
    grade = str(row.get("grade") or "").strip().upper()
    if grade not in GRADES:
        raise _Defect("grade_bad", f"{_show(row.get('grade'))} is not A, B, C or D")
    numbers = {key: _loose_number(row.get(key)) for key in ("score", "price", "gap_size")}
    score, price = numbers["score"], numbers["price"]
    if score is None or not 0 <= score <= 100:
        raise _Defect("score_bad", f"{_show(row.get('score'))} is no score from 0 to 100")
    if price is None or not 0 < price <= MAX_PRICE:
        raise _Defect("price_bad", f"{_show(row.get('price'))} is no price")
    return _candidate({**row, **numbers}, ticker, grade, day)


def _candidate(row: dict[str, Any], ticker: str, grade: str, day: date) -> Candidate:
    gap, company = row.get("gap_size"), row.get("company_name")
    return Candidate(
        ticker=ticker,
        report_date=day,
        grade=GRADES[GRADES.index(grade)],
        score=float(row["score"]),
        price=float(row["price"]),
        gap_size=None if gap is None else float(gap),
        company_name=company if isinstance(company, str) else None,
        grade_source="json",
    )


def _loose_number(value: object) -> float | None:
    """Return a finite number, also from text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = float(value) if _NUMBER_TEXT.fullmatch(value) else None
    try:
        number = float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None
    return number if number is not None and isfinite(number) else None


def _iso_date(value: object) -> date | None:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    """Return an ISO 8601 instant (without offset: New York), None for anything else."""
    if not isinstance(value, str) or "T" not in value.upper().replace(" ", "T"):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=NEW_YORK)


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
