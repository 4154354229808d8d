"""The first member of an archive: what it holds, with lengths and SHA-256 of everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

NAME: Final = "checksums.json"
KIND: Final = "jutsu backup 1"
#: the largest such document that is read
LARGEST: Final = 64_000_000


@dataclass(frozen=True, slots=True)
class Described:
    """Length in bytes and SHA-256 (hexadecimal) of one file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Document:
    """What an archive holds.

    Attributes:
        made_at: instant, ISO 8601. version: of the program. account: key of the ledger's rows.
        name: of the account where there are several, empty without.
        ledger: name of the ledger inside. paper: name of the paper account, None without one.
        files: name -> length and checksum.
    """

    made_at: str
    version: str
    account: str
    ledger: str
    paper: str | None
    files: Mapping[str, Described]
    name: str = ""

    def written(self) -> bytes:
        """Return the document as JSON."""
        said = {key: value for key, value in asdict(self).items() if key != "name" or value}
        return (json.dumps({"kind": KIND, **said}, indent=1, sort_keys=True) + "\n").encode()


def read_document(content: bytes) -> Document:
    """Return the document. ValueError: it is none of ours, or contradicts itself."""
    data: Any = json.loads(content)
    if not isinstance(data, dict) or data.pop("kind", None) != KIND:
        raise ValueError("it is of another kind")
    try:
        files = {
            str(name): Described(int(row["size"]), str(row["sha256"])) for name, row in data["files"].items()
        }
        found = Document(**{**data, "files": files})
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("it lacks what it must say") from error
    texts = (found.made_at, found.version, found.account, found.ledger, found.paper or "", found.name)
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("it says something else than texts")
    if found.ledger not in files or (found.paper is not None and found.paper not in files):
        raise ValueError("it names a ledger that is not in it")
    if any(row.size < 0 for row in files.values()):
        raise ValueError("a length makes no sense")
    return found
