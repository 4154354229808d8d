"""Commands of `jutsu` as children: what needs a broker is a process of its own and goes on without us."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from backtest.core.errors import LimitError, SettingsError
from live.system.redaction import redact

if TYPE_CHECKING:
    from live.web.world import World

_EVERY_SECONDS: Final = 0.1
_BLOCK: Final = 65536
_PATIENCE: Final = 120.0


@dataclass(slots=True)
class Child:
    """A command that was started, and the nameless file it prints into."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    async def lines(self) -> AsyncGenerator[str, None]:
        """Yield what it prints as it does, then `exit N`; it goes on when nobody listens any more."""
        seen = 0
        try:
            while True:
                code = self.process.poll()
                while found := os.pread(self.output.fileno(), _BLOCK, seen):
                    seen += len(found)
                    yield redact(found.decode(errors="replace"))
                if code is not None:
                    break
                await asyncio.sleep(_EVERY_SECONDS)
            yield f"exit {code}\n"
        finally:
            self.output.close()
            if self.process.poll() is None:  # nobody listens any more: it goes on, and is waited for
                threading.Thread(target=self.process.wait, name="child", daemon=True).start()


def asked(world: World, *words: str) -> str:
    """Return what a command prints on standard output, whatever its exit code.

    Args:
        world: the project.
        words: of the command.

    Raises:
        LimitError: 7, it does not end within two minutes.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            _command(world, words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=_root(world),
            env={**os.environ, **world.source.environ},
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            "does not end", where=f"jutsu {words[0]}", remedy="run it on a terminal of the box"
        ) from error
    return done.stdout.decode(errors="replace")


def streamed(child: Child) -> StreamingResponse:
    """Answer with what a child prints, as it does."""
    return StreamingResponse(
        child.lines(), media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def start(world: World, *words: str) -> Child:
    """Start `jutsu` with these words on the project of `world`; its end is not waited for.

    It prints into a file and not into a pipe: it must not die of ours.
    """
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who reads it
    process = subprocess.Popen(  # noqa: S603 - our own program
        _command(world, words),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=_root(world),
        env={**os.environ, **world.source.environ},
        start_new_session=True,
    )
    return Child(process, output)


def _command(world: World, words: Sequence[str]) -> list[str]:
    source = world.source
    flags = [] if source.account is None else ["--account", source.account]
    if source.config is not None:
        flags += ["--config", str(source.config.absolute())]
    if source.state_db is not None:
        flags += ["--state-db", str(source.state_db.absolute())]
    return [sys.executable, "-P", "-m", "live.cli", *words, *flags]


def _root(world: World) -> Path:
    """Return the project folder, as far as settings that cannot be read let it be known."""
    try:
        return world.settings_of_file().root
    except SettingsError:
        config = world.source.config
        return Path.cwd() if config is None else config.absolute().parent.parent
