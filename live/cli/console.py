"""The rich console of our tables and paragraphs: what comes from files and people is shown, never obeyed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from live.system.account_words import own_commands
from live.system.screen import visible


class PlainConsole(Console):
    """A console that escapes control characters of what it is given; colour codes are its own only."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string, of a line or of a table's cell, as `rich` would show it, made visible."""
        return super().render_str(visible(own_commands(text)), **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as `rich` does, with texts of a style made visible too."""
        super().print(*map(_shown, objects), **options)

    def on_broken_pipe(self) -> None:
        """Raise it: the program ends as it does when any other line cannot be written."""
        raise  # noqa: PLE0704 - rich calls this while it handles the BrokenPipeError


def _shown(item: Any) -> Any:
    if isinstance(item, Text):
        shown = visible(own_commands(item.plain))
        return item if shown == item.plain else Text(shown, style=item.style)
    return item
