"""The committed page is the one of its sources, and the description it was typed by is the server's."""

import json
import re
from pathlib import Path

from live.web.app import STATIC, described_app
from live.web.document import describe
from tests.support.paths import PROJECT
from tools import web_assets


def test_the_built_files_are_those_of_the_sources() -> None:
    kept = web_assets.DIGEST.read_text(encoding="utf-8").strip()
    assert kept == web_assets.digest(), "web assets are stale: run make web"


def test_the_digest_changes_with_every_source(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.ts").write_text("1")
    first = web_assets.digest(tmp_path)
    (tmp_path / "src/a.ts").write_text("2")
    second = web_assets.digest(tmp_path)
    (tmp_path / "src/a.ts").rename(tmp_path / "src/b.ts")
    assert len({first, second, web_assets.digest(tmp_path)}) == 3
    (tmp_path / "node_modules").mkdir()
    third = web_assets.digest(tmp_path)
    (tmp_path / "node_modules/x.js").write_text("x")
    assert web_assets.digest(tmp_path) == third


def test_the_description_is_the_committed_one() -> None:
    committed = json.loads((PROJECT / "web/openapi.json").read_text(encoding="utf-8"))
    assert committed == json.loads(json.dumps(describe(described_app()))), (
        "a view changed: python -m live.web.openapi > web/openapi.json (and make web, where Node is)"
    )


def test_every_file_the_page_names_is_there() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:src|href)="/([^"]+)"', page)
    assert named
    assert [name for name in named if not (STATIC / name).is_file()] == []


def test_the_page_needs_nothing_that_its_policy_forbids() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "<style" not in page
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "http://" not in page
    assert "https://" not in page
