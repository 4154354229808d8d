"""What a channel is given: one message, and the HTML of its second part where a channel can show it."""

from __future__ import annotations

from dataclasses import dataclass

from live.settings.model import AlertLevel, Settings


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        title: one line.
        body: text.
        html: the same as a whole HTML document, for mail; None: text alone.
    """

    title: str
    body: str
    level: AlertLevel
    html: str | None = None


def named(settings: Settings, title: str) -> str:
    """Return a title with the name of the account before it where there are several: `[ira] ...`."""
    return f"[{settings.account}] {title}" if settings.account else title
