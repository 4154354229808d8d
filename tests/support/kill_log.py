"""Points of a kill table kept on disk as they end: a long table may be stopped, resumed and shared out."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.support.paths import PROJECT

Job = TypeVar("Job")


def code_digest() -> str:
    """Return a digest of the product: points of other code prove nothing about this one."""
    digest = hashlib.sha256()
    for package in ("backtest", "live"):
        for path in sorted((PROJECT / package).rglob("*.py")):
            digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


class KillLog:
    """A file of one JSON line a point; the first line names the code. Without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.done: dict[str, dict[str, Any]] = {}
        if path is None:
            return
        text = path.read_text() if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]  # the last line may be torn
        if whole != text:
            path.write_text(whole)
        lines = whole.splitlines()
        head = json.dumps({"code": code_digest()})
        if lines and lines[0] == head:
            for line in lines[1:]:
                row = json.loads(line)
                self.done[row.pop("job")] = row
        else:
            path.write_text(head + "\n")

    def add(self, job: str, point: dict[str, Any]) -> None:
        """Keep what became of a point."""
        if self.path is not None:
            with self.path.open("a") as file:
                file.write(json.dumps({"job": job, **point}) + "\n")


def shard(text: str) -> tuple[int, int]:
    """Read `i/n`: the i-th (from 1) of n parts."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r} is not i/n with 1 <= i <= n")
    return int(part), int(parts)


def of_shard(jobs: Sequence[Job], part: tuple[int, int]) -> list[Job]:
    """Return every n-th job from the i-th on: the parts are disjoint and together all."""
    return list(jobs[part[0] - 1 :: part[1]])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--shard` and `--log`."""
    parser.add_argument("--shard", type=shard, default=(1, 1), help="i/n: only the i-th of n parts")
    parser.add_argument("--log", type=Path, help="file of ended points; a second start goes on after them")
