"""Read the `execution:` section of a settings file: the backtest obeys what the stages obey."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from backtest.core.documents import read_document
from backtest.core.errors import Finding, SettingsError
from backtest.core.execution_rules import ExecutionRules

DEFAULT = Path("config/live.yaml")


def read_rules(path: Path | None) -> ExecutionRules:
    """Return the execution rules of a settings file.

    Args:
        path: the file; None takes `config/live.yaml` when there is one, else the defaults. Only its
            `execution:` section is read, the other sections are the business of the stages.

    Raises:
        UsageError: the file cannot be read.
        SettingsError: the section is wrong; `findings` lists every problem.
    """
    if path is None:
        if not DEFAULT.is_file():
            return ExecutionRules()
        path = DEFAULT
    section = read_document(path).get("execution")
    try:
        return ExecutionRules() if section is None else ExecutionRules.model_validate(section)
    except ValidationError as error:
        findings = [
            Finding(".".join(("execution", *map(str, row["loc"]))), row["msg"]) for row in error.errors()
        ]
        raise SettingsError(
            f"{len(findings)} problem(s) in the execution: section",
            where=str(path),
            remedy=str(findings[0]) if len(findings) == 1 else "correct the findings listed",
            findings=findings,
        ) from error
