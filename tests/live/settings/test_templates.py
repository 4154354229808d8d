"""The project that a new user begins with is the one in the checkout."""

from __future__ import annotations

from pathlib import Path

from live.settings import manifest
from live.settings.load import load_settings
from live.settings.templates import templates, write_templates
from tools.shipped_manifest import COPIES, frozen

ROOT = Path(__file__).parents[3]


def test_the_checkout_holds_the_same_bytes() -> None:
    shipped = {str(name): content for name, content in templates().items()}
    config = ROOT / "config"
    here = {
        str(path.relative_to(ROOT)): path.read_bytes()
        for path in sorted(config.rglob("*"))
        if path.is_file() and path.suffix != ".bak"
    }
    assert here == shipped, "copy the change from config/ to live/settings/templates/config/, or back"


def test_the_shipped_manifest_freezes_the_code_it_is_shipped_with(tmp_path: Path) -> None:
    """A new project is told nothing of unfrozen code, and no tree is parsed at its starts."""
    now = tmp_path / "manifest.json"
    frozen(now)
    shipped, current = manifest.read(COPIES[0]), manifest.read(now)
    assert shipped == current, "run the references and parity, then `make manifest`"


def test_what_is_written_loads_as_the_defaults(tmp_path: Path) -> None:
    loaded = load_settings(config=write_templates(tmp_path), environ={})
    assert loaded.root == tmp_path
    assert loaded.settings == load_settings(config=ROOT / "config" / "live.yaml", environ={}).settings


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    first = write_templates(tmp_path).read_bytes()
    assert write_templates(tmp_path).read_bytes() == first
