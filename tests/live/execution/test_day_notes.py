"""What a session keeps of several runs."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from live.execution.context import RunNotes
from live.execution.day_notes import detail_of_day, earlier_notes

texts = st.lists(st.sampled_from("abcdef"), max_size=4, unique=True)
runs = st.lists(st.tuples(texts, texts, texts, texts), min_size=1, max_size=5)


@given(runs)
def test_nothing_that_was_said_is_lost_and_nothing_is_news_twice(given_runs: Any) -> None:
    row: Any = None
    said: set[str] = set()
    warned: set[str] = set()
    sent: set[str] = set()
    held: set[str] = set()
    for critical, warnings, gated, leaving in given_runs:
        notes = RunNotes(warnings=list(warnings), critical=list(critical), earlier=earlier_notes(row))
        notes.gated.update(dict.fromkeys(gated, "why"))
        assert set(notes.news()[0]) == set(critical) - said - warned
        assert set(notes.news()[1]) == set(warnings) - said - warned
        sent |= set(leaving)
        held = (held | set(gated)) - sent
        said |= set(critical)
        warned |= set(warnings)
        detail = detail_of_day(row, notes, sent)
        assert detail["critical"] == critical
        assert set(detail.get("earlier", ())) == said - set(critical)
        assert set(detail["warnings"]) == warned
        assert set(detail["held"]) == held
        row = SimpleNamespace(executed_at=1, detail=detail)


def test_the_notes_of_the_generator_are_not_those_of_a_run() -> None:
    row: Any = SimpleNamespace(executed_at=None, detail={"orders": 2, "error": "why", "critical": ["x"]})
    assert "earlier" not in detail_of_day(row, RunNotes(), ())
    assert earlier_notes(row) == frozenset()
