"""Hostile and damaged archives: refused with one line, whatever they hold."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.archive.members import ArchiveRefused, plain_name, reading


def packed(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def everything(path: Path) -> dict[str, bytes]:
    with reading(path) as reader:
        return {member.name: b"".join(reader.content(member)) for member in reader.members()}


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True), st.binary(max_size=1500), max_size=5
    )
)
def test_what_was_packed_is_read(contents: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = packed(Path(folder) / "a", *((entry(name), content) for name, content in contents.items()))
        assert everything(path) == contents


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "a/../b", "a//b", "./a", ".hidden", "a/.ssh/keys", "a\\b", "", "a/", "a\nb"],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    assert not plain_name(name)
    if name != "":
        with pytest.raises(ArchiveRefused, match=r"plain relative name|regular file"):
            everything(packed(tmp_path / "a", (entry(name), b"")))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE],
    ids=["link", "hard link", "character device", "block device", "pipe", "folder"],
)
def test_what_is_no_regular_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(ArchiveRefused, match="not a regular file"):
        everything(packed(tmp_path / "a", (entry("a", kind, "/etc/passwd"), b"")))


def test_the_long_names_of_other_programs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        made = tarfile.TarInfo("a" * 300)
        tar.addfile(made, io.BytesIO())
    with pytest.raises(ArchiveRefused):
        everything(path)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_end(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content)[:1024])


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        without_end,
        lambda _: b"",
        lambda _: b"PK\x03\x04",
        lambda c: gzip.compress(b"\x01" * 4096),
        lambda _: os.urandom(3000),
    ],
    ids=["cut", "cut inside a member", "empty", "a zip file", "noise inside", "noise"],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = packed(tmp_path / "a", (entry("a.json"), os.urandom(4000)))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArchiveRefused) as refused:
        everything(path)
    assert "\n" not in refused.value.line()
    assert refused.value.exit_code == 2


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none", tmp_path, tmp_path / "pipe"):
        with pytest.raises(ArchiveRefused, match=r"cannot be read|damaged"), reading(path) as reader:
            next(reader.members())
