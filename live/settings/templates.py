"""What a new project begins with: the commented settings, the manifest and the strategies that are shipped.

They lie in the package, so that an installation without a checkout has them. `config/` of the checkout is a
copy, held equal by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from backtest.core.files import write_atomic

_FOLDER: Final = Path(__file__).with_name("templates")


def templates() -> Mapping[PurePosixPath, bytes]:
    """Return path within the project (`config/live.yaml`) -> content, in order of path."""
    files = sorted(path for path in _FOLDER.rglob("*") if path.is_file())
    return {PurePosixPath(path.relative_to(_FOLDER).as_posix()): path.read_bytes() for path in files}


def write_templates(root: Path) -> Path:
    """Write every template below `root`, replacing what is there, and return the settings file."""
    for name, content in templates().items():
        write_atomic(root / name, content)
    return root / "config" / "live.yaml"
