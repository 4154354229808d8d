"""Scripted faults: which request goes wrong, at which point, and how.

A rule is a JSON object:

    method, path   regular expressions searched in the request line (path without the query)
    contains       text that must occur in the request body
    skip, times    leave the first `skip` matches alone, then apply `times` times (null = always)
    point          "before" (nothing was accepted) or "after" (the server acted, the reply suffers)
    action         drop | reset | truncate | hang | pause | status | headers | patch | delay,
                   and any action a particular server adds (list_lag, fill_first, …)
    …              parameters of the action: status, body, headers, content_type, seconds, patch, remove
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any

CONTROL = "/__control__/"


@dataclass
class Rule:
    """One scripted fault."""

    action: str
    method: str = ".*"
    path: str = ".*"
    contains: str = ""
    skip: int = 0
    times: int | None = 1
    point: str = "after"
    params: dict[str, Any] = field(default_factory=dict)
    used: int = 0

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Rule:
        known = {"action", "method", "path", "contains", "skip", "times", "point"}
        return cls(
            **{k: v for k, v in data.items() if k in known},
            params={k: v for k, v in data.items() if k not in known},
        )

    def matches(self, method: str, path: str, body: str) -> bool:
        return (
            re.fullmatch(self.method, method) is not None
            and re.search(self.path, path) is not None
            and self.contains in body
        )


class Faults:
    """The queue of rules; the first that matches is taken."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self.paused: list[dict[str, Any]] = []
        self._released = threading.Condition(self._lock)

    def add(self, rules: list[dict[str, Any]]) -> None:
        with self._lock:
            self._rules.extend(Rule.parse(rule) for rule in rules)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()
            self.paused.clear()
            self._released.notify_all()

    def take(self, method: str, path: str, body: str) -> Rule | None:
        """The rule for this request, if any; using it up."""
        with self._lock:
            for rule in self._rules:
                if not rule.matches(method, path, body):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None and rule.used >= rule.times:
                    continue
                rule.used += 1
                return rule
        return None

    def pause(self, what: dict[str, Any], limit: float = 60.0) -> None:
        """Hold a request until released (a test kills its client meanwhile)."""
        with self._lock:
            self.paused.append(what)
            self._released.wait_for(lambda: what not in self.paused, timeout=limit)

    def release(self) -> None:
        with self._lock:
            self.paused.clear()
            self._released.notify_all()
