"""Lines, styled texts and cells of a table show control characters of others, and never obey them."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from live.cli.console import PlainConsole

#: colour codes that `rich` writes itself on a terminal
STYLES = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = st.text(st.sampled_from("ab \x1b[31m\r\x07\x08\x9b\u202e\x00"), min_size=1)


def shown(item: object, *, terminal: bool) -> str:
    """What reaches the screen."""
    file = io.StringIO()
    PlainConsole(file=file, width=200, force_terminal=terminal, color_system=None).print(item)
    return file.getvalue()


@given(HOSTILE, st.booleans())
def test_nothing_of_others_is_obeyed(words: str, terminal: bool) -> None:
    grid = Table("head")
    grid.add_row(words)
    for item in (words, Text(words, style="red"), grid):
        text = STYLES.sub("", shown(item, terminal=terminal)) if terminal else shown(item, terminal=terminal)
        assert all(c.isprintable() or c == "\n" for c in text)


def test_a_reader_that_leaves_is_told_to_the_program() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        PlainConsole(file=Gone()).print("a line")
