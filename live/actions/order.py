"""A person's edit of the orders of a signal file: judged before it is written, never approved by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.core.errors import SignalFileError
from live.actions.answers import require_open
from live.actions.edit import replace
from live.handoff.canonical import as_data
from live.handoff.diff import Change, changes
from live.handoff.model import SignalFile
from live.views.review_case import read_case, require_row, require_valid

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

Edit = Callable[[Mapping[str, Any], SignalFile], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class OrdersEdited:
    """A file that was written: every difference from the generated original, and its new digest."""

    file: Path
    sha256: str
    edits: tuple[Change, ...]


def edit_orders(inputs: ViewInputs, path: Path, edit: Edit) -> OrdersEdited:
    """Write a file with its orders edited; an earlier approval no longer covers it.

    Args:
        inputs: ledger, settings and the instant of the edit.
        path: the signal file.
        edit: returns the edited data of the file (`live.handoff.order_edits`).

    Raises:
        SignalFileError: exit 2; the file is broken, unknown, executed, or would be refused after the edit.
        LimitError: exit 7; a limit would be exceeded, or the window is over. Nothing was written.
        FileChangedError: exit 2; it changed meanwhile.
    """
    case = read_case(inputs, path)
    row, signal = require_row(case), case.signal
    if signal is None or case.verdict.problems:
        signal = require_valid(case)
    if row.outcome == "completed":
        raise SignalFileError(
            "the file was already executed", where=str(path), remedy="later edits have no effect"
        )
    require_open(inputs, case)
    data = edit(json.loads(case.content), signal)
    content = (json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    require_valid(read_case(inputs, path, content))
    done = replace(path, content, sha256=case.sha256)
    original = SignalFile.model_validate_json(row.content)
    return OrdersEdited(path, done.sha256, changes(as_data(original), data))
