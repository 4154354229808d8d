"""A person's edit of the orders of a signal file: judged before it is written, never approved by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.core.errors import SignalFileError
from live.actions.answers import require_digest, require_open, require_same
from live.actions.audited import TERMINAL, Via, audited
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


def edit_orders(
    inputs: ViewInputs, path: Path, edit: Edit, *, actor: str, sha256: str | None = None, via: Via = TERMINAL
) -> OrdersEdited:
    """Write a file with its orders edited; an earlier approval no longer covers it.

    Args:
        inputs: ledger, settings and the instant of the edit.
        path: the signal file.
        edit: returns the edited data of the file (`live.handoff.order_edits`).
        actor: who edits, kept in the audit log.
        sha256: digest of the bytes the person saw; None: the bytes there now.
        via: where the edit came from.

    Raises:
        SignalFileError: exit 2; the file is broken, unknown, executed, or would be refused after the edit.
        LimitError: exit 7; a limit would be exceeded, or the window is over. Nothing was written.
        FileChangedError: exit 2; it changed meanwhile, or is not what was shown.
        UsageError: exit 2; `sha256` is no digest.
    """
    with audited(inputs.ledger, "edit", actor=actor, subject=path.name, at=inputs.now, via=via) as effect:
        done, before = _edit(inputs, path, edit, sha256)
        effect.before, effect.after = f"sha256 {before}", f"sha256 {done.sha256}"
    return done


def _edit(inputs: ViewInputs, path: Path, edit: Edit, sha256: str | None) -> tuple[OrdersEdited, str]:
    """Judge and write the edit; return it with the digest the file had before."""
    require_digest(sha256)
    case = read_case(inputs, path)
    require_same(path, case.sha256, sha256)
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
    return OrdersEdited(path, done.sha256, changes(as_data(original), data)), case.sha256
