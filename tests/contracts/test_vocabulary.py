"""Every vocabulary is written down once; schema, patterns and command line derive from it."""

from __future__ import annotations

import argparse
import ast
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from backtest.core.decision import ExecutionTime, Side
from backtest.core.execution_rules import StopFill
from backtest.core.planned_orders import Intent
from live import executor, signal_generator
from live.alerts.channels import LEVELS
from live.execution.job import Phase
from live.handoff.model import SignalFile
from live.model.order_ids import PATTERN
from live.model.run import Mode
from live.settings.model import AlertLevel, PaperFault, Settings
from tests.support import sources
from tests.support.paths import PROJECT
from tests.support.sources import parsed

#: vocabulary -> the one module that writes its words down
HOMES = {
    "ExecutionTime": (ExecutionTime, "backtest/core/decision.py"),
    "Side": (Side, "backtest/core/decision.py"),
    "StopFill": (StopFill, "backtest/core/execution_rules.py"),
    "Intent": (Intent, "backtest/core/planned_orders.py"),
    "Mode": (Mode, "live/model/run.py"),
    "PaperFault": (PaperFault, "live/settings/model.py"),
    "AlertLevel": (AlertLevel, "live/settings/model.py"),
    "Phase": (Phase, "live/execution/job.py"),
}


def written_sets(path: Path) -> list[frozenset[str]]:
    """Return every set of words a module writes out: `Literal[...]`, tuples, lists and sets of texts."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            words = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            if len(words) == len(node.elts):
                found.append(frozenset(words))
    return found


def modules() -> list[str]:
    return [
        str(path.relative_to(PROJECT))
        for path in sources.modules("backtest", "live")
        if "migrations" not in path.parts
    ]


def test_the_words_are_written_once() -> None:
    written = {module: written_sets(PROJECT / module) for module in modules()}
    for vocabulary, home in HOMES.values():
        words = frozenset(get_args(vocabulary))
        assert [module for module, sets in written.items() for found in sets if found == words] == [home]


def literals(path: Path) -> list[frozenset[Any]]:
    """Return every `Literal[...]` of several words that a module writes out."""
    return [
        frozenset(word.value for word in node.slice.elts if isinstance(word, ast.Constant))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Literal"
        and isinstance(node.slice, ast.Tuple)
    ]


def test_no_literal_is_written_twice() -> None:
    written = Counter(words for module in modules() for words in literals(PROJECT / module))
    assert len(written) > 50
    assert [sorted(words) for words, times in written.items() if times > 1] == []


def choices(parser: argparse.ArgumentParser, flag: str) -> tuple[str, ...]:
    (action,) = (a for a in parser._actions if flag in a.option_strings)
    return tuple(action.choices or ())


@pytest.mark.parametrize(
    ("stage", "flag", "vocabulary"),
    [
        (signal_generator, "--mode", Mode),
        (signal_generator, "--execution-time", ExecutionTime),
        (executor, "--mode", Mode),
        (executor, "--phase", Phase),
        (executor, "--paper-fault", PaperFault),
    ],
)
def test_the_command_line_offers_exactly_the_words(stage: Any, flag: str, vocabulary: Any) -> None:
    assert choices(stage.parser(), flag) == get_args(vocabulary)


def test_the_schema_of_the_signal_file_knows_exactly_the_words() -> None:
    parts = SignalFile.model_json_schema()["$defs"]
    order = parts["SignalOrder"]["properties"]
    assert tuple(order["intent"]["enum"]) == get_args(Intent)
    assert tuple(order["side"]["enum"]) == get_args(Side)
    assert tuple(parts["Window"]["properties"]["name"]["enum"]) == get_args(ExecutionTime)
    assert order["client_order_id"]["pattern"] == PATTERN


def test_the_settings_know_exactly_the_words() -> None:
    parts = Settings.model_json_schema()["$defs"]
    assert tuple(parts["PaperSettings"]["properties"]["fault"]["enum"]) == get_args(PaperFault)
    assert tuple(parts["AlertSettings"]["properties"]["minimum_level"]["enum"]) == get_args(AlertLevel)
    assert set(Settings().approval.on_no_answer) == set(get_args(Intent))
    assert get_args(AlertLevel) == LEVELS
