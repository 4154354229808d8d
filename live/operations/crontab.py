"""The crontab lines of both stages."""

from __future__ import annotations

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
