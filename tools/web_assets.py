"""Are the built files of the page those of its sources? Without Node: by a digest kept beside them.

`python -m tools.web_assets --write` is the end of `make web`; `--check` is asked by the tests.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = PROJECT / "web"
BUILT: Final = PROJECT / "live" / "web" / "static"
DIGEST: Final = BUILT / "sources.sha256"
_LEFT_OUT: Final = frozenset({"node_modules", "coverage", "tests"})
#: types only, made from the description of the API: nothing of them is in the built files
_TYPES: Final = frozenset({".gitignore", "openapi.json", "schema.d.ts"})


def sources(folder: Path = SOURCES) -> Iterator[Path]:
    """Yield the files the page is built from, sorted."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not _LEFT_OUT.intersection(inside) and inside[-1] not in _TYPES:
            yield path


def digest(folder: Path = SOURCES) -> str:
    """Return the SHA-256 of names and bytes of every source."""
    found = hashlib.sha256()
    for path in sources(folder):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def main() -> int:
    """Write the digest, or compare it; 1 when the built files are stale."""
    if "--write" in sys.argv:
        DIGEST.write_text(digest() + "\n", encoding="utf-8")
        return 0
    stale = not DIGEST.exists() or DIGEST.read_text(encoding="utf-8").strip() != digest()
    if stale:
        print("web assets are stale: run make web")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
