"""A document as one HTML page that mail programs show as it is: inline styles, no script, nothing loaded."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Template

    from live.reporting.document import Document, Tone

#: readable on white and on black alike: mail programs turn pages dark by themselves
COLOURS: Final[Mapping[Tone, str]] = {
    "good": "#1e8e4e",
    "notice": "#b26a00",
    "bad": "#d13b3b",
    "plain": "inherit",
}
LARGEST_BYTES: Final = 100_000


def html_of(document: Document) -> str:
    """Return the page; every text in it is escaped."""
    return _template().render(document=document, colours=COLOURS)


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html.j2")
