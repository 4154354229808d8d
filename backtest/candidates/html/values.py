"""Reading one value out of one piece of text; None whenever the text could mean something else."""

from __future__ import annotations

import re
from typing import Final

from backtest.candidates.html.dom import words
from backtest.candidates.model import TICKER, TICKER_FORM
from backtest.core.candidate import GRADES, Grade

MAX_PRICE: Final = 1_000_000.0
MAX_GAP: Final = 1_000.0
LOWEST_SCORE: Final = 5.0  # smaller numbers are parts of a score, never a total out of 100

_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_PRICE: Final = re.compile(
    rf"(?:US)?\$\s?({_NUMBER})(?![\d.,]*\s?(?:[KMBT%x]\b|%|bn|mn|million|billion|trillion))", re.IGNORECASE
)
_BARE_PRICE: Final = re.compile(rf"({_NUMBER})")
_PERCENT: Final = re.compile(r"([+-]?)\s?(\d+(?:\.\d+)?)\s?%")
_EMBEDDED: Final = re.compile(r"\(([+-]?\d+\.\d+)%\)")
_HUNDRED: Final = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*100(?:\.0+)?(?:\s*(?:pts?|points?))?\.?")
_POINTS: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:pts?|points?)\.?", re.IGNORECASE)
_PLAIN: Final = re.compile(r"(\d+(?:\.\d+)?)")
_FIVE: Final = re.compile(
    r"(\d(?:\.\d+)?)\s*/\s*5(?:\.0+)?(?:\s*(?:pts?|points?))?"
    r"(?:\s*\(\s*(\d+(?:\.\d+)?)\s*%\s*\))?",
    re.IGNORECASE,
)
_GRADE_WORD: Final = re.compile(r"([ABCD])[- ]?Grade\b|Grade[:\s-]*([ABCD])(?![A-Za-z+])", re.IGNORECASE)
_GRADE_SCORE: Final = re.compile(
    r"([ABCD])(?:[- ]?Grade)?\s*[-:,(]?\s*(\d+(?:\.\d+)?)\s*(?:pts?|points?|/\s*100)\)?"
    r"|([ABCD])(?:[- ]Grade)?\s*[-:]\s*(\d{2,3}(?:\.\d+)?)",
    re.IGNORECASE,
)
_SCORE_GRADE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([ABCD])[- ]Grade\b.*", re.IGNORECASE)
_LABELLED_SCORE: Final = re.compile(
    r"(?:(?:total|final|overall|backtest|composite|weighted|combined|quality)\s+)*score"
    r"(?:\s+(?:breakdown|analysis|summary|details?|card))?\s*[:=]?\s*"
    r"(\d+(?:\.\d+)?)\s*(/\s*100|/\s*5(?:\.0+)?|pts?|points?)?(?:\s*\(.*\))?",
    re.IGNORECASE,
)
_TOTAL_INSIDE: Final = re.compile(r"\btotal\s*:?\s*(\d+(?:\.\d+)?)\s*(?:points?|pts?|/\s*100)", re.IGNORECASE)
_PART: Final = re.compile(r"\b\d+(?:\.\d+)?\s*/\s*(?!100\b)\d+\b")
_EXCHANGE: Final = (
    r"(?:NYSE(?:\s?(?:American|Arca|MKT))?|NASDAQ|NasdaqGS|NasdaqGM|NasdaqCM|AMEX|BATS|CBOE|OTC\w*)"
)
_PREFIXED: Final = re.compile(rf"{_EXCHANGE}\s*:\s*\$?({TICKER_FORM})\b", re.IGNORECASE)
_BRACKETED: Final = re.compile(rf"\((?:{_EXCHANGE}\s*:\s*|\$)?({TICKER_FORM})\)")
_LEADING: Final = re.compile(rf"(\$?)({TICKER_FORM})\s*(?:-\s|\(|:\s|,\s).*|(\$)({TICKER_FORM})(?=\s|$).*")
_NO_TICKERS: Final = frozenset({"N/A", "NA", "TBD", "NONE", "TICKER", "SYMBOL"})
_HEADINGS: Final = _NO_TICKERS | {"GRADE", "SCORE"}
_SUFFIXES: Final = words(
    "ADR ADS REIT LP LLC INC CO PLC SA NV AG USA US UK EU CAN BDC SPAC ETF AL AK AZ AR CA CO CT DE FL GA "
    "HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN "
    "TX UT VT VA WA WV WI WY DC A B C D"
)
_WORDS: Final = words(
    "EPS RSI MA MACD CEO CFO USD GAAP FY ETF IPO PE YOY QOQ ATH HIGH LOW BUY SELL HOLD GAP NEW TOP NO N/A "
    "NA TBD TOTAL SCORE GRADE PRICE RISK STOP ENTRY NOTE KEY NEWS AVG MAX MIN VOL ALL DAY WEEK RANK STOCK "
    "TICKER SYMBOL NASDAQ NYSE AMEX BMO AMC ET EST EDT PST Q1 Q2 Q3 Q4 MA20 MA50 MA200 VIX SPX"
)


def number(text: str) -> float:
    """Return the value of digits with optional thousands commas."""
    return float(text.replace(",", ""))


def price(text: str, *, bare: bool = False) -> float | None:
    """Return a price: a dollar amount (``bare``: digits alone) that the text begins with.

    Ranges ($140 - $143), amounts in thousands or more ($25.8B) and percentages are no prices.
    """
    match = _PRICE.match(text) or (_BARE_PRICE.fullmatch(text) if bare else None)
    if match is None or re.match(r"[.,]|\s*(?:-|to\b)\s*\$?\d", text[match.end() :]):
        return None
    value = number(match.group(1))
    return value if 0 < value <= MAX_PRICE else None


def percent(text: str) -> float | None:
    """Return a percentage when the text is one, or begins with one; sign kept."""
    match = _PERCENT.match(text)
    if match is None or re.match(r"\+|\s*(?:-|to\b)\s*[+-]?\d", text[match.end() :]):
        return None
    value = float(match.group(2)) * (-1 if match.group(1) == "-" else 1)
    return value if abs(value) <= MAX_GAP else None


def looks_like_weight(text: str) -> bool:
    """Tell whether a percentage is unsigned and round, like the weight of a factor."""
    return bool(re.fullmatch(r"\(?\d{1,3}\s?%\)?(?:\s*weight)?", text, re.IGNORECASE))


def embedded_percent(text: str) -> float | None:
    """Return the percentage a label carries in brackets, "Gap Size (10.88%)"; weights like (25%) are none."""
    match = _EMBEDDED.search(text)
    return float(match.group(1)) if match else None


def total(value: float) -> float | None:
    """Return a score when it can be a total out of 100."""
    return value if LOWEST_SCORE < value <= 100 else None


def plain_score(text: str) -> float | None:
    """Return a total written as a number, "N/100" or "N pts"; None for anything else."""
    for form in (_HUNDRED, _POINTS, _PLAIN):
        match = form.fullmatch(text)
        if match:
            return total(float(match.group(1)))
    return None


def out_of_hundred(text: str) -> float | None:
    """Return the number before "/100"."""
    match = _HUNDRED.fullmatch(text)
    return total(float(match.group(1))) if match else None


def points(text: str) -> float | None:
    """Return the number before "pts"."""
    match = _POINTS.fullmatch(text)
    return total(float(match.group(1))) if match else None


def five_point_score(text: str) -> float | None:
    """Return a total on a 5-point scale times 20: "4.05 / 5.0", or "4.05" alone (decimals required)."""
    match = _FIVE.fullmatch(text) or re.fullmatch(r"(\d\.\d+)", text)
    value = float(match.group(1)) if match else 0.0
    return round(value * 20, 2) if 0 < value <= 5 else None


def labelled_score(text: str) -> tuple[float | None, bool]:
    """Return the total in "Total Score: 86.0 / 100" and whether it was on the 5-point scale."""
    match = _LABELLED_SCORE.fullmatch(text)
    if match:
        value, scale = float(match.group(1)), match.group(2) or ""
        if re.match(r"/\s*5", scale):
            return (round(value * 20, 2) if 0 < value <= 5 else None), True
        return total(value), False
    inside = _TOTAL_INSIDE.search(text)
    return (total(float(inside.group(1))) if inside else None), False


def grade_and_score(text: str) -> tuple[Grade, float] | None:
    """Return both values of "B - 82 pts", "A-Grade 88.5 pts" or "86.0A-Grade (70%+)"."""
    match = _GRADE_SCORE.fullmatch(text)
    if match:
        letter, digits = match.group(1) or match.group(3), match.group(2) or match.group(4)
    else:
        match = _SCORE_GRADE.fullmatch(text)
        if match is None:
            return None
        letter, digits = match.group(2), match.group(1)
    value, grade = total(float(digits)), as_grade(letter)
    return (grade, value) if value is not None and grade is not None else None


def as_grade(text: str) -> Grade | None:
    """Return a grade letter, None for anything else."""
    letter = text.strip().upper()
    return next((grade for grade in GRADES if grade == letter), None)


def grades_named(text: str) -> set[Grade]:
    """Return the grades a text names with the word grade: "B-Grade Stocks (70-84 points)"."""
    letters = (match.group(1) or match.group(2) for match in _GRADE_WORD.finditer(text))
    return {grade for grade in map(as_grade, letters) if grade is not None}


def is_part_score(text: str) -> bool:
    """Tell whether a text holds a part score such as 2/3 or 15/25."""
    return bool(_PART.search(text))


def exact_tickers(text: str) -> tuple[str, ...]:
    """Return the ticker(s) a text consists of: "$AEO", "BRK.B", "UA/UAA"; () when it is anything else."""
    bare = re.sub(r"\s*/\s*", "/", text.strip().removeprefix("$").strip())
    left, _, right = bare.partition("/")
    classes = (left, right) if len(left) > 1 and len(right) > 1 else (bare,)
    wrong = any(not TICKER.fullmatch(ticker) or _stem(ticker) in _HEADINGS for ticker in classes)
    return () if wrong or bare in _NO_TICKERS else classes


def marked_tickers(text: str) -> tuple[str, ...]:
    """Return the ticker an exchange prefix marks: "NYSE: USB"; () without one."""
    match = _PREFIXED.search(text)
    return () if match is None else _known(match.group(1))


def bracketed_ticker(text: str) -> tuple[str, ...]:
    """Return the ticker in the brackets that end a text: "Baidu (BIDU)"; states and share forms are none."""
    match = _BRACKETED.search(text)
    if match is None or match.end() != len(text) or match.group(1) in _SUFFIXES:
        return ()
    return _known(match.group(1))


def is_common_word(ticker: str) -> bool:
    """Tell whether capitals are a usual abbreviation of these pages, believed only with a strong mark."""
    return ticker in _WORDS


def leading_ticker(text: str) -> tuple[str, ...]:
    """Return the ticker before a separator: "AEO - $17.28", "$CIFR - Cipher Mining Inc", "XYZ (..)"."""
    match = _LEADING.fullmatch(text)
    if match is None:
        return ()
    ticker = match.group(2) or match.group(4)
    dollar = match.group(1) or match.group(3)
    return _known(ticker) if dollar or len(ticker) > 1 else ()


def _known(ticker: str) -> tuple[str, ...]:
    none = {ticker, _stem(ticker)} & (_WORDS | _NO_TICKERS)
    return () if none or not TICKER.fullmatch(ticker) else (ticker,)


def _stem(ticker: str) -> str:
    """Return a ticker without the class of the share: GRADE-A is the word, not a class of it."""
    return re.split(r"[./-]", ticker, maxsplit=1)[0]
