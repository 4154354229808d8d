"""Whether the installed units and agents of a project start its programs for an account."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from live.operations.cron_match import is_about
from live.operations.installed import belongs, text_of
from live.operations.launchd import LABEL
from live.operations.schedule import STAGES, UNITS, VALIDATE

_MARKS: Final = re.compile(r'</?string>|"')


def not_about(places: Iterable[Path], folder: Path, account: str) -> str | None:
    """Return the first unit or agent of a project that starts a program for other accounts only.

    Like the lines of a crontab: a stage that names no account has a turn for each, validation wants a name.

    Args:
        places: folders of units and of agents.
        folder: the project.
        account: name of one of several, empty where there is one.
    """
    wanted = (*STAGES, VALIDATE)
    for path, command in _files(places):
        text = text_of(path)
        if text is None or command not in wanted or not belongs(path, folder):
            continue
        words = " ".join(_MARKS.sub(" ", text).split())
        if not is_about(words, command, account):
            return path.name
    return None


def _files(places: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for place in places:
        for name, command in UNITS.items():
            yield place / f"jutsu-{name}.service", command
            yield place / f"{LABEL}{name}.plist", command
