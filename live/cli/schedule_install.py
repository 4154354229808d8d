"""What `jutsu schedule` prints, installs and starts, for each way of telling a machine."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from live.operations import installed
from live.operations.cron_lines import cron_lines
from live.operations.launchd import AGENTS, launchd_files
from live.operations.schedule import Project, Start
from live.operations.scheduled import Kind
from live.operations.systemd import systemd_files


@dataclass(frozen=True, slots=True)
class Done:
    """What an installation or removal changed, and what the person should know."""

    changes: tuple[installed.Change, ...]
    notes: tuple[str, ...] = ()


def text_of(kind: Kind, project: Project, planned: Iterable[Start]) -> Iterator[str]:
    """Yield what is printed for a kind."""
    if kind == "cron":
        yield from cron_lines(project, planned)
    elif kind == "container":
        yield _compose(project)
    else:
        for name, text in (systemd_files if kind == "systemd" else launchd_files)(project, planned):
            yield f"# {name}\n{text}" if kind == "systemd" else f"<!-- {name} -->\n{text}"


def _compose(project: Project) -> str:
    called = ["jutsu", "schedule", "run", *shlex.split(project.flags)]
    words = ", ".join(map(_yaml, called))
    folder = str(project.folder)
    return f"""\
# one process instead of cron lines; it ends its programs' starts on SIGTERM and waits for those that run
services:
  jutsu:
    image: IMAGE                # any image in which `jutsu` is installed
    command: [{words}]
    working_dir: {_yaml(folder)}
    volumes: [{{type: bind, source: {_yaml(folder)}, target: {_yaml(folder)}}}]
    environment: {{TZ: "America/New_York"}}
    init: true
    restart: unless-stopped
    stop_grace_period: 12m      # longer than safety.run_deadline_seconds"""


def _yaml(word: str) -> str:
    """Return a word of a compose file: JSON is YAML; a bare $ would be a variable."""
    return json.dumps(word.replace("$", "$$"), ensure_ascii=False)


def install(kind: Kind, project: Project, planned: Iterable[Start], state: Path) -> Done:
    """Install one kind for this user.

    Raises:
        UsageError: panic switched the schedule off, or units of that name start another project.
        LimitError: the machine does not take it.
    """
    (project.folder / "logs").mkdir(exist_ok=True)
    if kind == "cron":
        return _install_crontab(project, planned, state)
    if kind == "systemd":
        return _install_units(project, planned, state)
    changes = installed.unit_changes(_agents(), project.folder, launchd_files(project, planned))
    installed.write_files(changes)
    failed = installed.load_agents(changes, os.getuid())
    return Done(changes, tuple(f"launchd did not take {name}: `launchctl bootstrap` it" for name in failed))


def _install_crontab(project: Project, planned: Iterable[Start], state: Path) -> Done:
    change = installed.crontab_change(project.folder, cron_lines(project, planned))
    if change is None:
        return Done(())
    installed.install_crontab(change, state)
    double = installed.doubled(change.after or "", project.folder)
    note = f"{double} line(s) outside the block start the same programs; they can go (`crontab -e`)"
    return Done((change,), (note,) if double else ())


def _install_units(project: Project, planned: Iterable[Start], state: Path) -> Done:
    files = dict(systemd_files(project, planned))
    installed.require_no_panic(state)
    changes = installed.unit_changes(_units(), project.folder, files.items())
    gone = [c.path.name for c in changes if c.path and c.after is None and c.path.suffix == ".timer"]
    installed.disable_timers(gone)
    installed.write_files(changes)
    on = installed.enable_timers([name for name in files if name.endswith(".timer")], changes)
    linger = "timers run while you are logged in only, until `loginctl enable-linger`"
    notes = [f"enabled {', '.join(on)}"] if on else []
    return Done(changes, (*notes, linger))


def remove(kind: Kind | None, project: Project, state: Path) -> Done:
    """Take out what was installed for this project, of one kind or of every kind."""
    changes: list[installed.Change] = []
    if kind in {None, "cron"}:
        change = installed.crontab_change(project.folder, None)
        if change:
            installed.install_crontab(change, state)
            changes.append(change)
    for one, place in (("systemd", _units()), ("launchd", _agents())):
        if kind in {None, one}:
            changes += _remove_files(place, project.folder)
    return Done(tuple(changes))


def _remove_files(place: Path, folder: Path) -> tuple[installed.Change, ...]:
    changes = installed.unit_changes(place, folder, ())
    installed.disable_timers(c.path.name for c in changes if c.path and c.path.suffix == ".timer")
    agents = [c for c in changes if c.path and c.path.suffix == ".plist"]
    installed.unload_agents(agents, os.getuid())
    installed.write_files(changes)
    return changes


def _units() -> Path:
    return installed.units_folder(Path.home(), os.environ.get("XDG_CONFIG_HOME"))


def _agents() -> Path:
    return Path.home() / AGENTS


def children(project: Project) -> Callable[[str], subprocess.Popen[bytes]]:
    """Return what starts the program of a command in the project's folder, on this process's own screen."""

    def start(command: str) -> subprocess.Popen[bytes]:
        program, *rest = command.split()
        words = [str(project.folder / project.programs / program), *rest, *shlex.split(project.flags)]
        # a session of its own: Ctrl-C ends the loop, never a stage that is sending orders
        return subprocess.Popen(words, cwd=project.folder, start_new_session=True)  # noqa: S603 - our own programs

    return start


@contextmanager
def until_signalled() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether SIGTERM or SIGINT arrived."""
    arrived: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield lambda: bool(arrived)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
