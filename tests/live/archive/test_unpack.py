"""Every member is held against the list, and a lie leaves nothing behind that counts."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from live.archive import unpack as module
from live.archive.document import NAME, Described, Document
from live.archive.members import ArchiveRefused
from live.archive.unpack import listed, unpack

Members = list[tuple[str, bytes]]


def repacked(archive: Path, to: Path, change: Callable[[Members], Members]) -> Path:
    with tarfile.open(archive) as tar:
        members = [(m.name, tar.extractfile(m).read()) for m in tar.getmembers()]
    with tarfile.open(to, "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in change(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return to


def test_a_whole_archive_is_unpacked(archive: Path, tmp_path: Path) -> None:
    document = unpack(archive, tmp_path)
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == document.files.keys()
    assert listed(archive) == document


CHANGES: dict[str, tuple[Callable[[Members], Members], str]] = {
    "one byte": (lambda m: [*m[:-1], (m[-1][0], m[-1][1][:-1] + b"~")], "checksum"),
    "longer than listed": (lambda m: [*m[:-1], (m[-1][0], m[-1][1] + b"0" * 10_000_000)], "list says"),
    "one is missing": (lambda m: m[:-1], "missing"),
    "one too many": (lambda m: [*m, ("state/secrets.json", b"{}")], "list says"),
    "twice": (lambda m: [*m, m[-1]], "list says"),
    "no list": (lambda m: m[1:], "begin with its list"),
    "nothing": (lambda _: [], "begin with its list"),
    "list of something else": (lambda m: [(NAME, b"{}"), *m[1:]], "kind"),
    "deep list": (lambda m: [(NAME, b"[" * 100_000), *m[1:]], "list cannot be read"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_lie_is_refused(archive: Path, tmp_path: Path, name: str) -> None:
    change, words = CHANGES[name]
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveRefused, match=words):
        unpack(repacked(archive, tmp_path / "bad", change), tmp_path / "in")


def test_a_program_is_refused_although_it_is_listed(tmp_path: Path) -> None:
    import hashlib

    contents = {"l.db": b"x", "live/executor.py": b"print()"}
    files = {name: Described(len(c), hashlib.sha256(c).hexdigest()) for name, c in contents.items()}
    document = Document("t", "0", "paper", "l.db", None, files)
    with tarfile.open(tmp_path / "bad", "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in ((NAME, document.written()), *contents.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveRefused, match=r"executor\.py"):
        unpack(tmp_path / "bad", tmp_path / "in")


def test_a_bomb_is_refused_before_a_byte_of_it_is_written(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RESERVE", 1 << 62)
    with pytest.raises(UsageError, match="are free"):
        unpack(archive, tmp_path)
    assert list(tmp_path.iterdir()) == []
