"""Write a signal file and its JSON Schema into the output folder, each atomically."""

from __future__ import annotations

from pathlib import Path

from backtest.core.errors import SignalFileError
from backtest.core.files import read_regular, require_regular, why, write_atomic
from live.handoff.canonical import render
from live.handoff.model import SCHEMA_PATH, SignalFile
from live.handoff.schema import schema_bytes


def file_name(trade_date: str, variant: str, account: str = "") -> str:
    """Return the name of a variant's signal file: `trade_signals_<date>_<variant>[_<account>].json`."""
    return f"trade_signals_{trade_date}_{variant}{f'_{account}' if account else ''}.json"


def signal_path(directory: Path, signal: SignalFile, account: str = "") -> Path:
    """Return where `signal` belongs inside an output directory."""
    return directory / file_name(signal.trade_date, signal.strategy.variant, account)


def require_place(path: Path) -> None:
    """Refuse a place where something other than a signal file lies; a missing one is fine.

    Raises:
        SignalFileError: 2, a folder, pipe, socket or device has the name of the file.
    """
    try:
        require_regular(path)
    except OSError as error:
        raise SignalFileError(
            f"no signal file can be here: {why(error)}",
            where=str(path),
            remedy="move it away, then run the same command again",
        ) from error


def write_signal(
    directory: Path,
    signal: SignalFile,
    content: bytes | None = None,
    *,
    account: str = "",
    durable: bool = True,
) -> Path:
    """Write a sealed signal file and, when missing or outdated, the schema it points to.

    Args:
        directory: output directory, created when missing.
        signal: the sealed file.
        content: `render(signal)` when the caller has it already (the ledger stores the same bytes).
        account: name of one of several accounts.
        durable: see `write_atomic`.

    Returns:
        The path written.

    Raises:
        SignalFileError: 2, disk full or no permission; an older file stays as it was.
    """
    write_schema(directory)
    path = signal_path(directory, signal, account)
    write_bytes(path, render(signal) if content is None else content, durable=durable)

    return path


def write_schema(directory: Path) -> Path:
    """Copy the schema to `directory`, so that `$schema` of every file in it resolves in an editor.

    Raises:
        SignalFileError: 2, disk full or no permission.
    """
    path = directory / SCHEMA_PATH
    content = schema_bytes()
    if not path.is_file() or read_regular(path) != content:
        write_bytes(path, content)

    return path


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file of the signals folder in one step (see `write_atomic`).

    Raises:
        SignalFileError: 2, disk full or no permission; an older file stays as it was.
    """
    try:
        write_atomic(path, content, durable=durable)
    except OSError as error:
        raise SignalFileError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            remedy="make room and the folder writable, then run the same command again",
        ) from error
