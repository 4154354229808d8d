"""Equal decisions are equal bytes, and the seal is the RFC's."""

import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st

from backtest.core.errors import JutsuError
from live.handoff.canonical import as_data, is_sealed, render, seal, sealed
from live.handoff.model import MovedStop, SignalFile, Stop
from tests.support.handoff_samples import draft, order, sample

# RFC 8785, appendix B: IEEE 754 bits and the canonical text
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_the_rfc_says(bits: str, text: str) -> None:
    number = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert rfc8785.dumps(number) == text.encode()


def test_section_3_2_2_of_the_rfc() -> None:
    text = (
        r'{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
        r'"string":"\u20ac$\u000F\u000aA'
        r"'"
        r'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}'
    )
    expected = (
        r'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"€$\u000f\nA'
        r"'"
        r'B\"\\\\\"/"}'
    )
    assert rfc8785.dumps(json.loads(text)).decode() == expected


def test_section_3_2_3_of_the_rfc_sorts_by_utf_16() -> None:
    values = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(rfc8785.dumps(values)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_the_golden_file_is_written_byte_for_byte(project_root: Path) -> None:
    golden = (project_root / "tests/golden/trade_signals_2024-03-15_golden.json").read_bytes()
    assert render(sample()) == golden


def test_the_seal_is_what_the_standard_library_computes(project_root: Path) -> None:
    """Sorted keys, no spaces, whole floats as integers: all that RFC 8785 means for this ASCII file."""
    golden = (project_root / "tests/golden/trade_signals_2024-03-15_golden.json").read_text()

    def number(text: str) -> float:
        return int(float(text)) if float(text).is_integer() else float(text)

    data = json.loads(golden, parse_float=number)
    carried = data.pop("seal")["digest"]
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == carried


SCRIPT = r"""
import sys
from tests.support.handoff_samples import sample
from live.handoff.canonical import render
sys.stdout.buffer.write(render(sample(warnings=("Z\u00fcrich: 5 \u20ac", "\U0001f600"))))
"""


def test_the_same_bytes_in_any_locale_zone_and_hash_seed(project_root: Path) -> None:
    outputs = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("123", "Asia/Tokyo", "tr_TR.ISO-8859-9")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        environment |= {"PYTHONPATH": str(project_root), "PYTHONUTF8": "0"}
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=project_root, env=environment, capture_output=True, check=True
        )
        outputs.add(run.stdout)
    assert len(outputs) == 1
    assert "Zürich: 5 €".encode() in outputs.pop()


def test_free_form_objects_are_sorted_whatever_order_they_were_filled_in() -> None:
    one = sample(
        decision=sample().decision.model_copy(update={"diagnostics": {"a": 1, "b": {"d": 2, "c": 3}}})
    )
    two = sample(
        decision=sample().decision.model_copy(update={"diagnostics": {"b": {"c": 3, "d": 2}, "a": 1}})
    )
    assert render(one) == render(two)


def test_a_draft_may_be_plain_fields_and_an_old_seal_is_replaced() -> None:
    whole = sample()
    fields = {("$schema" if k == "schema_" else k): getattr(whole, k) for k in type(whole).model_fields}
    del fields["seal"]
    assert sealed(fields) == whole
    assert sealed(whole.model_copy(update={"warnings": ("other",)})).seal != whole.seal


def test_a_draft_that_does_not_fit_names_the_place() -> None:
    with pytest.raises(JutsuError) as caught:
        sealed({"$schema": "schema/trade_signals.schema.json"})
    assert "$.trade_date" in [finding.path for finding in caught.value.findings]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", object()])
def test_values_that_are_not_json_are_refused_with_their_path(value: float | object | str) -> None:
    broken = order().model_copy(update={"details": {"score": [0, value]}})
    with pytest.raises(JutsuError, match=r"^\$\.orders\[0\]\.details\.score\[1\]: "):
        sealed(draft(orders=(broken,)))


def test_reindenting_keeps_the_seal() -> None:
    data = as_data(sample())
    assert is_sealed(json.loads(json.dumps(data, sort_keys=True)))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


DATA = as_data(sample(orders=(order(stop=Stop(price=45.0, time_in_force="gtc"), details={"grade": "A"}),)))
LEAVES = [path for path in leaves(DATA) if path[0] != "seal"]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.just([]),
    st.just({}),
)


def changed(path: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    data = json.loads(json.dumps(DATA))
    place = data
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = value
    return data, old


@given(st.sampled_from(LEAVES), VALUES)
def test_the_seal_detects_any_edit_of_any_leaf(path: tuple[Any, ...], value: Any) -> None:
    data, old = changed(path, value)
    assume(old != value or isinstance(old, bool) != isinstance(value, bool))
    assert seal(data) != seal(DATA)


@given(st.sampled_from(LEAVES), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4))
def test_the_seal_detects_a_renamed_key_and_a_removed_one(path: tuple[Any, ...], extra: str) -> None:
    data = json.loads(json.dumps(DATA))
    place = data
    for key in path[:-1]:
        place = place[key]
    taken = place.pop(path[-1])
    assert seal(data) != seal(DATA)
    if isinstance(place, dict):
        place[f"{path[-1]}{extra}"] = taken
        assert seal(data) != seal(DATA)


def test_a_file_without_moved_stops_does_not_name_them() -> None:
    assert "stops" not in as_data(sample())
    moved = MovedStop(symbol="QQQ", price=95.0, before=90.0, reason="trailing_pct")
    data = as_data(sample(stops=(moved,)))
    assert data["stops"] == [{"symbol": "QQQ", "price": 95.0, "before": 90.0, "reason": "trailing_pct"}]
    assert SignalFile.model_validate_json(render(sample(stops=(moved,)))).stops == (moved,)
