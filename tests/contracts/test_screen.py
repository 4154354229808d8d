"""Whatever a command prints goes through a function that shows control characters instead of sending them."""

import re

from tests.support.paths import PROJECT

#: where those functions are, and lines of our own that hold no text of others
PRINTS = {"common.py", "app.py", "console.py"}
DIRECT = re.compile(r"\btyper\.(echo|secho)\(|(?<![.\w])print\(|\bsys\.stdout\.write\(|\bConsole\(")


def test_commands_print_through_the_functions_that_escape() -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted((PROJECT / "live" / "cli").glob("*.py"))
        if path.name not in PRINTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if DIRECT.search(line)
    ]
    assert not found, f"use echo, table or console of live/cli/common.py: {found}"
