"""What `jutsu init` writes: the settings of a project, its strategies, its secrets. Plans first, then writes.

A project that exists keeps every line nobody answered about; its strategies and manifest are left alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from backtest.core.errors import SettingsError, UsageError
from backtest.core.files import read_regular, why, write_atomic
from live.settings.accounts import NO_ACCOUNT
from live.settings.load import DEFAULT_CONFIG, load_settings
from live.settings.model import BookSettings, Settings
from live.settings.secrets import FILE, read_secrets
from live.settings.templates import templates
from live.settings.yaml_lines import scalar, with_section, with_value

#: what a first answer about each vendor needs, asked without showing it
VENDOR_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "schwab": ("SCHWAB_API_KEY", "SCHWAB_APP_SECRET"),
    "alpaca": ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"),
}
ALERTS: Final = "JUTSU_ALERT_URLS"
PING: Final = "JUTSU_PING_URL"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person decided.

    Attributes:
        values: dotted setting -> value.
        books: the books, in order.
        secrets: key of the secrets file -> value; never shown.
    """

    values: Mapping[str, Any]
    books: tuple[BookSettings, ...]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that will be written; `before` is None when there is none yet."""

    path: Path
    before: str | None
    after: str = field(repr=False)
    secret: bool = False


def current_settings(root: Path) -> Settings:
    """Return the settings of an existing project, else of a new one. SettingsError 2: they are wrong."""
    file = root / DEFAULT_CONFIG
    return load_settings(
        config=file if os.path.lexists(file) else _template(), environ={}, account=NO_ACCOUNT
    ).settings


def books_with(books: tuple[BookSettings, ...], primary: str) -> tuple[BookSettings, ...]:
    """Return the books with `primary` trading daily with the whole account; other primaries wait to be asked.

    A shadow that is chosen changes places with its primary. Books that already trade it come back unchanged.
    """
    if any(book.primary == primary and book.run == "daily" for book in books):
        return books
    known = {book.primary: book for book in books}
    followed = next((book for book in books if primary in book.shadows), None)
    if followed is not None:
        shadows = tuple(followed.primary if name == primary else name for name in followed.shadows)
        chosen = followed.model_copy(update={"primary": primary, "shadows": shadows})
    else:
        chosen = known.get(primary, BookSettings(primary=primary))
    rest = (book for book in books if book is not followed and book.primary != primary)
    first = chosen.model_copy(update={"run": "daily", "budget_pct": 100.0})
    return (first, *(book.model_copy(update={"run": "on_request"}) for book in rest))


def plan(root: Path, answers: Answers) -> tuple[PlannedFile, ...]:
    """Return the files that answers change, in the order they are written. Reads, and writes nothing.

    Raises:
        SettingsError: 2; an existing file cannot be read or not be changed line by line, or an answer is no
            valid setting.
    """
    files = [*_missing(root), _settings(root, answers), _secrets(root, answers)]
    return tuple(file for file in files if file is not None and file.after != file.before)


def write(files: tuple[PlannedFile, ...]) -> None:
    """Write planned files, each whole; settings that existed stay beside them as `live.yaml.bak`.

    Raises:
        UsageError: 2, one cannot be written (a full disk): everything is as it was before.
    """
    done: list[PlannedFile] = []
    try:
        for file in files:
            done.append(file)
            _write(file)
    except OSError as error:
        for file in reversed(done):
            _take_back(file)
        raise UsageError(
            f"cannot be written: {why(error)}", where=str(done[-1].path), remedy="nothing was changed"
        ) from error


def _write(file: PlannedFile) -> None:
    mode = 0o600 if file.secret else 0o644
    if file.before is not None and not file.secret:
        backup = file.path.with_name(f"{file.path.name}.bak")
        write_atomic(backup, file.before.encode(), mode)
    if file.secret:
        file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(file.path, file.after.encode(), mode)


def _take_back(file: PlannedFile) -> None:
    """Make a file what it was; folders that hold nothing stay."""
    with suppress(OSError):  # the disk is full: what was there before fits
        if file.before is None:
            file.path.unlink(missing_ok=True)
        elif _text(file.path) != file.before:
            write_atomic(file.path, file.before.encode(), 0o600 if file.secret else 0o644)


def _missing(root: Path) -> Iterator[PlannedFile]:
    for name, content in templates().items():
        path = root / name
        if name.name != DEFAULT_CONFIG.name and not path.exists():
            yield PlannedFile(path, None, content.decode())


def _settings(root: Path, answers: Answers) -> PlannedFile:
    known, path = current_settings(root), root / DEFAULT_CONFIG
    before = _text(path)
    text = read_regular(_template()).decode() if before is None else before
    if answers.books != known.books:
        text = _or_refuse(with_section(text, "books", list(_book_lines(answers.books))), path, "books")
    for name, value in answers.values.items():
        if value != _value(known, name):
            text = _or_refuse(with_value(text, name, value), path, name)
    return PlannedFile(path, before, _checked(text, path, answers))


def _checked(text: str, path: Path, answers: Answers) -> str:
    """Return the text when it says exactly what was answered."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        trial.write_text(text)
        try:
            found = load_settings(config=trial, environ={}, account=NO_ACCOUNT).settings
        except SettingsError as error:
            raise SettingsError(
                error.problem, where=str(path), remedy=error.remedy, findings=error.findings
            ) from error
    for name, value in answers.values.items():
        if _value(found, name) != value:
            _or_refuse(None, path, name)
    if found.books != answers.books:
        _or_refuse(None, path, "books")
    return text


def _or_refuse(text: str | None, path: Path, name: str) -> str:
    if text is None:
        raise SettingsError(
            f"{name} does not stand on a line of its own, so it cannot be changed safely",
            where=str(path),
            remedy=f"change {name} yourself, then run `jutsu config check`",
        )
    return text


def _value(settings: Settings, name: str) -> Any:
    found: Any = settings
    for part in name.split("."):
        found = found[part] if isinstance(found, Mapping) else getattr(found, part)
    return found


def _book_lines(books: tuple[BookSettings, ...]) -> Iterator[str]:
    for book in books:
        mark = "  - "
        for key, value in book.model_dump(mode="json").items():
            yield f"{mark}{key}: {_listed(value) if isinstance(value, list) else scalar(value)}"
            mark = "    "


def _listed(values: list[Any]) -> str:
    return f"[{', '.join(scalar(value) for value in values)}]"


def _secrets(root: Path, answers: Answers) -> PlannedFile | None:
    path = root / FILE
    existing = read_secrets(path) if path.exists() else {}
    changed = {key: value for key, value in answers.secrets.items() if existing.get(key) != value}
    if not changed:
        return None
    before = _text(path)
    kept = [line for line in (before or "").splitlines() if line.split("=")[0].strip() not in changed]
    lines = [*kept, *(f"{key}={value}" for key, value in changed.items())]
    return PlannedFile(path, before, "".join(f"{line}\n" for line in lines), secret=True)


def _text(path: Path) -> str | None:
    """Return a file that its own reader has judged already, None when there is none."""
    return read_regular(path).decode("utf-8-sig") if path.exists() else None


def _template() -> Path:
    return Path(__file__).parents[1] / "settings" / "templates" / DEFAULT_CONFIG
