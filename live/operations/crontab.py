"""The crontab lines of both stages."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from live.system.programs import run_program

#: what the schedule of a daily book must call
DAILY_STAGES = ("live.signal_generator", "live.executor")
STAGES = (*DAILY_STAGES, "jutsu live")
#: what a line begins with that panic switched off
DISABLED = "# disabled by jutsu panic: "


def crontab() -> str | None:
    """Return this user's crontab, empty when there is none, None when no `crontab` command answers."""
    done = run_program("crontab", "-l")
    if done is None:
        return None
    return done.stdout if done.returncode == 0 else ""


def install_crontab(text: str) -> bool:
    """Replace this user's crontab; False when that failed."""
    done = run_program("crontab", "-", given=text, quiet=False)
    return done is not None and done.returncode == 0


def comment_out(text: str) -> tuple[str, int]:
    """Return a crontab in which every line calling a stage is commented out, and how many were."""
    lines, changed = [], 0
    for line in text.split("\n"):
        if any(stage in line for stage in STAGES) and not line.lstrip().startswith("#"):
            lines.append(f"{DISABLED}{line}")
            changed += 1
        else:
            lines.append(line)
    return "\n".join(lines), changed


def restore(text: str) -> tuple[str, int]:
    """Return a crontab with the lines back that `comment_out` switched off, and how many they were."""
    lines = text.split("\n")
    off = sum(line.startswith(DISABLED) for line in lines)
    return "\n".join(line.removeprefix(DISABLED) for line in lines), off


def belongs(line: str, folder: Path) -> bool:
    """Tell whether a line starts its program in a project: by its `--config`, else by the last `cd`."""
    place, before = Path.home(), ""
    for word in _words(line.replace(r"\%", "%")):
        flag, _, value = word.partition("=")
        if before == "cd":
            place = place / _path(word)
        elif before == "--config" or (flag == "--config" and value):
            settings = place / _path(value or word)
            inside = settings.parent.name == "config"
            return _same(settings.parent.parent if inside else settings.parent, folder)
        before = word
    return _same(place, folder)


def _words(text: str) -> list[str]:
    """Return the words of a shell's line; those of a quoted command (`sh -c '...'`) too."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        found = list(lexer)
    except ValueError:
        return text.split()
    return [
        part
        for word in found
        for part in (_words(word) if any(s in word for s in DAILY_STAGES) and " " in word else [word])
    ]


def _path(word: str) -> Path:
    return Path(os.path.expandvars(word)).expanduser()


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
