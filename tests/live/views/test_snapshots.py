"""Every view is what its reviewed snapshot says; `python -m tests.support.view_world` refreshes them."""

import json
import math
from typing import Any

import pytest

from tests.support.view_world import GOLDEN, documents

NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return {name: json.loads(text) for name, text in documents(tmp_path_factory.mktemp("views")).items()}


def differences(expected: Any, found: Any, path: str = "$") -> Any:
    """Return the paths that differ; sums may differ in the last digits between processors."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if list(expected) != list(found):
            return [f"{path}: keys {list(expected)} became {list(found)}"]
        return [line for key in expected for line in differences(expected[key], found[key], f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for row, (a, b) in pairs for line in differences(a, b, f"{path}[{row}]")]
    if type(expected) is float and type(found) is float:
        same = math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-12)
    else:
        same = type(expected) is type(found) and expected == found
    return [] if same else [f"{path}: {expected!r} became {found!r}"]


def test_every_view_has_a_snapshot_and_every_snapshot_a_view(made: Any) -> None:
    assert sorted(made) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_view_is_what_was_reviewed(made: Any, name: Any) -> None:
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert differences(expected, made[name]) == []


def test_a_difference_is_found() -> None:
    expected = {"a": [1, 2.0], "b": None}
    assert differences(expected, {"a": [1, 2.0 + 1e-14], "b": None}) == []
    assert differences(expected, {"a": [1, 2.1], "b": None}) == ["$.a[1]: 2.0 became 2.1"]
    assert differences(expected, {"a": [1], "b": None}) == ["$.a: [1, 2.0] became [1]"]
    assert differences(expected, {"a": [1, 2.0]}) == ["$: keys ['a', 'b'] became ['a']"]
    assert differences(expected, {"a": [True, 2.0], "b": None}) == ["$.a[0]: 1 became True"]
