"""Jobs that are asked for again and again: cron times in New York, a missed time is made up once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final

from live.jobs import cron
from live.jobs.model import Job, JobKind, Schedule
from live.jobs.store import JobStore, insert, new_id, no_such

_COLUMNS: Final = "id, name, kind, request, cron_expression, enabled, actor, due_at"
_SHOWN_TIMES: Final = 5


class Schedules:
    """The schedules of one project.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store

    def add(
        self,
        name: str,
        kind: JobKind,
        request: Mapping[str, Any],
        expression: str,
        *,
        actor: str,
        at: datetime,
        enabled: bool = True,
    ) -> Schedule:
        """Keep a schedule; the first time is after `at`. UsageError 2: it is no cron expression."""
        due = next(cron.parse(expression).after(at))
        ident = new_id(at)
        self._store.change(
            f"INSERT INTO schedules ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - fixed words
            (ident, name, kind, json.dumps(request, sort_keys=True), expression, int(enabled), actor,
             due.isoformat()),
        )  # fmt: skip
        return self.get(ident, at)

    def all(self, at: datetime) -> tuple[Schedule, ...]:
        """Return every schedule, oldest first, with its coming times after `at`."""
        rows = self._store.rows(f"SELECT {_COLUMNS} FROM schedules ORDER BY rowid")  # noqa: S608 - fixed words
        return tuple(_schedule(row, at) for row in rows)

    def get(self, ident: str, at: datetime) -> Schedule:
        """Return a schedule. NoSuchJobError 2: there is none of this name."""
        text = f"SELECT {_COLUMNS} FROM schedules WHERE id = ?"  # noqa: S608 - fixed words
        rows = self._store.rows(text, (ident,))
        if not rows:
            raise no_such("schedule", ident)
        return _schedule(rows[0], at)

    def change(
        self, ident: str, *, at: datetime, enabled: bool | None = None, expression: str | None = None
    ) -> Schedule:
        """Switch a schedule on or off, or give it other times; what was due meanwhile is not made up.

        Raises:
            NoSuchJobError: 2, there is none. UsageError: 2, it is no cron expression.
        """
        known = self.get(ident, at)
        text = known.cron_expression if expression is None else expression
        due = next(cron.parse(text).after(at))
        on = known.enabled if enabled is None else enabled
        self._store.change(
            "UPDATE schedules SET enabled = ?, cron_expression = ?, due_at = ? WHERE id = ?",
            (int(on), text, due.isoformat(), ident),
        )
        return self.get(ident, at)

    def remove(self, ident: str, at: datetime) -> None:
        """Forget a schedule. NoSuchJobError 2: there is none of this name."""
        self.get(ident, at)
        self._store.change("DELETE FROM schedules WHERE id = ?", (ident,))

    def ask_for_due(self, at: datetime) -> tuple[Job, ...]:
        """Put one job into the queue for every schedule that is due, however often it was missed."""
        return tuple(
            job
            for schedule in self.all(at)
            if schedule.enabled and schedule.due_at <= at and (job := self._ask_for(schedule, at)) is not None
        )

    def _ask_for(self, schedule: Schedule, at: datetime) -> Job | None:
        due = next(cron.parse(schedule.cron_expression).after(at))
        with self._store.alone() as raw:
            taken = raw.execute(
                "UPDATE schedules SET due_at = ? WHERE id = ? AND due_at = ?",
                (due.isoformat(), schedule.id, schedule.due_at.isoformat()),
            ).rowcount
            if not taken:  # another program was first
                return None
            text = json.dumps(schedule.request, sort_keys=True)
            return insert(raw, schedule.kind, text, schedule.actor, at, schedule=schedule.name)


def _schedule(row: tuple[Any, ...], at: datetime) -> Schedule:
    ident, name, kind, request, expression, enabled, actor, due = row
    times = cron.parse(expression).after(at) if enabled else iter(())
    return Schedule(
        id=ident,
        name=name,
        kind=kind,
        request=json.loads(request),
        cron_expression=expression,
        enabled=bool(enabled),
        actor=actor,
        due_at=datetime.fromisoformat(due),
        next_runs=tuple(islice(times, _SHOWN_TIMES)),
    )
