"""`jutsu schedule --install | --remove`: a marked block of the crontab, user units, or agents.

Changes are planned first, so that they can be shown; what was there before is kept beside it as `.old`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backtest.core.errors import LimitError, UsageError
from backtest.core.files import read_regular, write_atomic
from live.operations import crontab as cron
from live.operations import timers
from live.operations.launchd import AGENTS, LABEL
from live.operations.schedule import UNITS
from live.operations.systemd import FOLDER_LINE
from live.system.programs import succeeded

BEGIN: Final = "# >>> jutsu schedule of "
END: Final = "# <<< jutsu schedule of "
#: of user units below XDG_CONFIG_HOME
USER_UNITS: Final = Path("systemd/user")
#: of units that an administrator made
MACHINE_UNITS: Final = Path("/etc/systemd/system")


@dataclass(frozen=True, slots=True)
class Change:
    """A file as it is and as it shall be; None: it is not there. The crontab has no path."""

    path: Path | None
    before: str | None
    after: str | None

    @property
    def name(self) -> str:
        """What the difference is called."""
        return "crontab" if self.path is None else str(self.path)

    def difference(self) -> Iterator[str]:
        """Yield the lines of the difference."""
        before, after = ((text or "").splitlines() for text in (self.before, self.after))
        yield from difflib.unified_diff(before, after, self.name, self.name, n=0, lineterm="")


# ------------------------------------------------------------------ crontab


def crontab_change(folder: Path, lines: Iterable[str] | None) -> Change | None:
    """Return the change that gives the crontab this project's block, or takes it away (`lines` None).

    Raises:
        UsageError: there is no crontab here, or panic switched lines off.
    """
    before = cron.crontab()
    if before is None:
        raise UsageError(
            "this machine has no `crontab`", where="jutsu schedule", remedy="use --systemd, or --container"
        )
    if lines is not None and cron.DISABLED in before:
        raise panicked()
    after = with_block(before, folder, None if lines is None else list(lines))
    return None if after == before else Change(None, before, after)


def with_block(text: str, folder: Path, lines: list[str] | None) -> str:
    """Return a crontab in which the block of a project holds `lines`; None: it has no block."""
    begin, end = f"{BEGIN}{folder}", f"{END}{folder}"
    kept = text.split("\n")
    at = len(kept) - (kept[-1] == "")
    if begin in kept and end in kept[kept.index(begin) :]:
        at = kept.index(begin)
        del kept[at : kept.index(end, at) + 1]
    if lines is not None:
        kept[at:at] = [begin, *lines, end]
    joined = "\n".join(kept)
    return joined if not joined or joined.endswith("\n") else f"{joined}\n"


def doubled(text: str, folder: Path) -> int:
    """Return how many lines outside the block start our stages too: harmless, but not needed."""
    outside = with_block(text, folder, None).splitlines()
    return sum(
        any(stage in line for stage in cron.DAILY_STAGES)
        and not line.lstrip().startswith("#")
        and cron.belongs(line, folder)
        for line in outside
    )


def install_crontab(change: Change, state: Path) -> None:
    """Replace the crontab and keep the old one. LimitError: it could not be replaced."""
    if change.before:
        write_atomic(state / "crontab.old", change.before.encode(), mode=0o600)
    if not cron.install_crontab(change.after or ""):
        raise LimitError("the crontab could not be changed", where="crontab", remedy="try `crontab -l`")


# ------------------------------------------------------------------ units and agents


def units_folder(home: Path, config_home: str | None) -> Path:
    """Return the folder of the user's units; `config_home` is XDG_CONFIG_HOME."""
    return (Path(config_home) if config_home else home / ".config") / USER_UNITS


def unit_places(home: Path, config_home: str | None) -> tuple[Path, Path]:
    """Return where this user's units and agents lie; arguments as `units_folder`."""
    return units_folder(home, config_home), home / AGENTS


def unit_changes(place: Path, folder: Path, files: Iterable[tuple[str, str]]) -> tuple[Change, ...]:
    """Return the changes that leave exactly `files` of ours in `place`.

    Raises:
        UsageError: a unit of that name belongs to another project.
    """
    wanted = dict(files)
    ours = [f"jutsu-{name}.{kind}" for name in UNITS for kind in ("service", "timer")]
    return tuple(_changes(place, folder, [*ours, *(f"{LABEL}{name}.plist" for name in UNITS)], wanted))


def _changes(place: Path, folder: Path, names: list[str], wanted: dict[str, str]) -> Iterator[Change]:
    foreign = {name for name in names if not belongs(place / name, folder)}
    foreign |= {name.replace(".service", ".timer") for name in foreign}
    if wanted and foreign & set(wanted):
        raise UsageError(
            "these units start another project",
            where=str(place / min(foreign & set(wanted))),
            remedy="remove those first, or use the crontab: each project has a block of its own there",
        )
    for name in names:
        before, after = text_of(place / name), wanted.get(name)
        if before != after and name not in foreign:
            yield Change(place / name, before, after)


def belongs(path: Path, folder: Path) -> bool:
    """Tell whether a unit or agent is of this project, or not there; a timer says nothing by itself."""
    text = text_of(path)
    if text is None or path.suffix == ".timer":
        return True
    place = str(folder)
    if path.suffix == ".plist":
        return f"<string>{place}</string>" in text
    return f"{FOLDER_LINE}{place.replace('%', '%%')}" in text.splitlines()


def enabled_here(folder: Path) -> tuple[str, ...]:
    """Return the timers of stages that are enabled, without those whose service starts another project."""
    places = (units_folder(Path.home(), os.environ.get("XDG_CONFIG_HOME")), MACHINE_UNITS)
    return tuple(unit for unit in timers.enabled() if _here(places, unit, folder))


def _here(places: Iterable[Path], unit: str, folder: Path) -> bool:
    paths = [place / unit.replace(".timer", ".service") for place in places]
    there = [path for path in paths if text_of(path) is not None]
    return not there or any(belongs(path, folder) for path in there)


def text_of(path: Path) -> str | None:
    """Return what a unit or agent says, None when it is not there."""
    try:
        return read_regular(path).decode(errors="replace")
    except FileNotFoundError:
        return None


def write_files(changes: Iterable[Change]) -> None:
    """Write or delete the files; each old one is kept as NAME.old."""
    for change in changes:
        if change.path is None:
            continue
        if change.before is not None:
            kept = change.path.with_name(f"{change.path.name}.old")
            write_atomic(kept, change.before.encode())
        if change.after is None:
            change.path.unlink(missing_ok=True)
        else:
            write_atomic(change.path, change.after.encode())


def require_no_panic(state: Path) -> None:
    """Refuse to enable what panic stopped. UsageError: its note lies beside the ledger."""
    if (state / timers.RECORD).exists():
        raise panicked()


def stopped_by_panic(state: Path) -> bool:
    """Whether cron lines or timers are off since a panic, and nothing starts the stages."""
    return cron.DISABLED in (cron.crontab() or "") or (state / timers.RECORD).exists()


def enable_timers(names: Iterable[str], changes: Iterable[Change]) -> tuple[str, ...]:
    """Read the units again and enable every timer; return those that were not enabled before.

    Raises:
        LimitError: the user's manager does not answer, or says no.
    """
    if not timers.systemctl("--user", "daemon-reload"):
        raise LimitError(
            "the units are written, but the user's systemd does not answer",
            where="systemctl --user",
            remedy="log in as this user (not by su) and repeat it, or use the crontab",
        )
    off = [name for name in names if not timers.systemctl("--user", "is-enabled", name)]
    changed = {change.path.name for change in changes if change.path and change.path.suffix == ".timer"}
    for name in off:
        if not timers.systemctl("--user", "enable", "--now", name):
            raise LimitError(
                "the timer cannot be enabled", where=name, remedy=f"systemctl --user status {name}"
            )
    for name in sorted(changed & set(names) - set(off)):  # a running timer keeps its old times
        timers.systemctl("--user", "restart", name)
    return tuple(off)


def disable_timers(names: Iterable[str]) -> None:
    """Stop timers that are about to be deleted."""
    for name in names:
        timers.systemctl("--user", "disable", "--now", name)


def load_agents(changes: Iterable[Change], user: int) -> tuple[str, ...]:
    """Give changed agents to launchd; return those it did not take."""
    agents = list(changes)
    unload_agents(agents, user)
    return tuple(c.name for c in agents if c.after is not None and not _launchctl("bootstrap", user, c))


def unload_agents(changes: Iterable[Change], user: int) -> None:
    """Take agents that are about to change from launchd."""
    for change in changes:
        if change.before is not None:
            _launchctl("bootout", user, change)


def _launchctl(verb: str, user: int, change: Change) -> bool:
    return succeeded("launchctl", verb, f"gui/{user}", change.name)


def panicked() -> UsageError:
    """Return the error of an installation that would undo a panic."""
    return UsageError(
        "`jutsu panic` switched the schedule off", where="jutsu schedule", remedy="`jutsu resume` first"
    )
