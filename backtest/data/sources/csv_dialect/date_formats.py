"""Date formats: from the words of `strptime` to a pattern, and from a cell to a day or an instant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from backtest.core.errors import UsageError

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
_MONTH_NUMBERS: Final = (
    {name: n for n, name in enumerate(_MONTHS, 1)}
    | {name[:3]: n for n, name in enumerate(_MONTHS, 1)}
    | {"sept": 9}
)
_NAMED_MONTH: Final = "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True))
_PARTS: Final = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "b": rf"(?P<b>{_NAMED_MONTH})\.?",
    "B": rf"(?P<b>{_NAMED_MONTH})\.?",
    "a": r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|satur|sat|sun)(?:day)?\.?",
    "A": r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|satur|sat|sun)(?:day)?\.?",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"\d{1,9}",
    "p": r"(?P<p>[ap])\.?m\.?",
    "z": r"(?P<z>Z|UTC|GMT|E[SD]T|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)",
    "Z": r"(?P<z>Z|UTC|GMT|E[SD]T|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)",
    "%": "%",
}
_CLOCK: Final = (
    r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,]\d{1,9})?)?(?:\s*(?P<p>[ap])\.?m\.?)?"
    r"(?:\s*" + _PARTS["z"] + ")?"
)
_ZONES: Final = {"Z": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4}
_WORDS: Final = (("YYYY", "%Y"), ("YY", "%y"), ("MM", "%m"), ("DD", "%d"), ("Month", "%B"), ("Mon", "%b"))
_EPOCHS: Final = {
    "epoch_s": (r"\d{9,10}(?:\.\d{1,6})?", 1),
    "epoch_ms": (r"\d{12,13}", 1_000),
    "epoch_us": (r"\d{15,16}", 1_000_000),
    "epoch_ns": (r"\d{18,19}", 1_000_000_000),
}
#: What a file may use without being told; each also with a clock behind it.
KNOWN: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%m.%d.%Y", "%d.%m.%Y"),
    *("%m/%d/%y", "%d/%m/%y", "%y/%m/%d", "%m-%d-%y", "%d-%m-%y", "%y-%m-%d"),
    *("%m.%d.%y", "%d.%m.%y", "%y.%m.%d"),
    *("%b %d, %Y", "%b %d %Y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y", "%d/%b/%Y", "%Y-%b-%d"),
    *("%a, %b %d, %Y", "%a, %d %b %Y", "%a %b %d %Y"),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a date cell says.

    Attributes:
        day: the day as written; for an epoch, the day in UTC.
        seconds: seconds after midnight as written, None without a clock.
        offset: zone of the writing as a difference from UTC, None when it names none.
    """

    day: date
    seconds: int | None = None
    offset: timedelta | None = None

    def instant(self) -> datetime | None:
        """Return the instant in UTC, None when the cell does not name one."""
        if self.seconds is None or self.offset is None:
            return None
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=timezone(self.offset))
        try:
            return (midnight + timedelta(seconds=self.seconds)).astimezone(UTC)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One way to write a date: how it is asked for (`flag`), shown (`name`) and read."""

    flag: str
    name: str
    read: Callable[[str], Stamp | None]


def known_formats() -> tuple[DateFormat, ...]:
    """Return all formats that are looked for in a file."""
    plain = [_compiled(words) for words in KNOWN]
    clocked = [_compiled(words, clock=True) for words in KNOWN]
    return (*plain, *clocked, *(_epoch(name) for name in _EPOCHS))


def named_format(text: str) -> DateFormat:
    """Return the format that a person named; UsageError when it is none."""
    if text in _EPOCHS:
        return _epoch(text)
    words = text
    if "%" not in text:
        for word, directive in _WORDS:
            words = words.replace(word, directive)
    directives = re.findall(r"%(.?)", words)
    days = [d for d in directives if d == "d"]
    months = [d for d in directives if d in {"m", "b", "B"}]
    years = [d for d in directives if d in {"Y", "y"}]
    if not (len(days) == len(months) == len(years) == 1) or not set(directives) <= set(_PARTS):
        raise UsageError(
            f"--date-format {text!r} does not name one year, month and day",
            remedy="for example --date-format %m/%d/%Y, DD.MM.YYYY or epoch_s",
        )
    try:
        return _compiled(words)
    except re.error as error:  # a part given twice
        raise UsageError(f"--date-format {text!r}: {error}", remedy="name every part once") from error


def shown(words: str) -> str:
    """Return a format in letters people read: ``YYYY-MM-DD``."""
    letters = {"%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%b": "Mon", "%B": "Month", "%a": "Day"}
    for directive, letter in letters.items():
        words = words.replace(directive, letter)
    return words


def _compiled(words: str, *, clock: bool = False) -> DateFormat:
    tokens = re.findall(r"%.|[^%]", words)
    pattern = ""
    for place, token in enumerate(tokens):
        beside = tokens[place - 1 : place] + tokens[place + 1 : place + 2]
        if token[0] != "%":
            pattern += r"\s+" if token.isspace() else re.escape(token)
        elif token[1] in "md" and any(other[0] == "%" for other in beside):
            pattern += rf"(?P<{token[1]}>\d{{2}})"  # written without separators
        else:
            pattern += _PARTS[token[1]]
    if clock:
        pattern += r"(?:\s*,\s*|\s+|T)" + _CLOCK
    return DateFormat(
        words,
        shown(words) + (" with time" if clock else ""),
        _reader(re.compile(pattern, re.IGNORECASE | re.ASCII)),
    )


def _reader(pattern: re.Pattern[str]) -> Callable[[str], Stamp | None]:
    def read(cell: str) -> Stamp | None:
        match = pattern.fullmatch(cell)
        return None if match is None else _stamp(match.groupdict())

    return read


def _stamp(parts: dict[str, str | None]) -> Stamp | None:
    year, short, month, named, day = (parts.get(p) for p in ("Y", "y", "m", "b", "d"))
    whole = int(year) if year else int(short or 0) + (1900 if int(short or 0) > 68 else 2000)
    number = int(month) if month else _MONTH_NUMBERS[(named or "").lower()]
    try:
        written = date(whole, number, int(day or 0))
    except ValueError:
        return None
    if parts.get("H") is None:
        return Stamp(written)
    zone = parts.get("z")
    seconds, offset = _seconds(parts), None if zone is None else _offset(zone)
    return None if seconds is None or (zone and offset is None) else Stamp(written, seconds, offset)


def _seconds(parts: dict[str, str | None]) -> int | None:
    hour, minute, second = (int(parts.get(p) or 0) for p in ("H", "M", "S"))
    half = (parts.get("p") or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else None


def _offset(zone: str) -> timedelta | None:
    """Return the difference from UTC that a zone names, None when no clock can differ by it."""
    if zone.upper() in _ZONES:
        return timedelta(hours=_ZONES[zone.upper()])
    digits = re.sub(r"\D", "", zone).ljust(6, "0")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -size if zone[0] == "-" else size


def _epoch(name: str) -> DateFormat:
    digits, unit = _EPOCHS[name]
    pattern = re.compile(digits, re.ASCII)

    def read(cell: str) -> Stamp | None:
        if pattern.fullmatch(cell) is None:
            return None
        days, seconds = divmod(int(cell.partition(".")[0]) // unit, 86_400)
        return Stamp(date(1970, 1, 1) + timedelta(days=days), seconds, timedelta(0))

    return DateFormat(name, f"{name.replace('_', ' in ')}", read)
