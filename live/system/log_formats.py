"""How a log line looks: as text, or as one JSON document a line."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Final

from live.system import run_facts

TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
_ORDER: Final = re.compile(
    r"\b(?:(?:[a-z][a-z0-9]{0,15}-)?[a-z][a-z0-9_]*_)?\d{8}_[A-Z][A-Z0-9./-]{0,9}_[a-z]+_(?:buy|sell)(?:_r[1-9]\d*)?\b"
)


class JsonLines(logging.Formatter):
    """`at level stage run account session order event`, and `logger` and `traceback` where there is one.

    `order` is the first client order id that the event names; what is not known is left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        facts, event = run_facts.current(), record.getMessage()
        named = _ORDER.search(event)
        row = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "stage": facts.stage,
            "run": facts.run,
            "account": facts.account,
            "session": facts.session,
            "order": named[0] if named else "",
            "logger": record.name,
            "event": event,
            "traceback": record.exc_text or "",
        }
        return json.dumps({name: value for name, value in row.items() if value}, ensure_ascii=False)


def formatter(name: str) -> logging.Formatter:
    """Return the formatter of a format's name: `text` or `json`."""
    return JsonLines() if name == "json" else logging.Formatter(TEXT)
