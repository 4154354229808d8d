"""The shipped schema is the model's, editors can use it, and it travels with the files."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from backtest.core.errors import SignalFileError
from live.handoff.canonical import as_data, render
from live.handoff.schema import generated, main, schema_bytes, validator
from live.handoff.write import signal_path, write_signal
from tests.support.handoff_samples import sample


def test_the_shipped_schema_agrees_with_the_model(project_root: Path) -> None:
    shipped = (project_root / "signals/schema/trade_signals.schema.json").read_bytes()
    assert shipped == schema_bytes() == generated(), (
        "run: python -m live.handoff.schema --refresh signals/schema/trade_signals.schema.json"
    )


def test_it_is_a_valid_schema_and_accepts_a_good_file() -> None:
    Draft202012Validator.check_schema(json.loads(schema_bytes()))
    validator().validate(as_data(sample()))


def test_it_tells_an_editor_what_a_person_may_do() -> None:
    document = json.loads(schema_bytes())
    order = document["$defs"]["SignalOrder"]
    assert "you may change it" in order["properties"]["quantity"]["description"]
    assert order["properties"]["side"]["enum"] == ["buy", "sell"]
    assert order["additionalProperties"] is False
    assert set(order["required"]) == set(order["properties"])
    assert document["properties"]["trade_date"]["format"] == "date"


def test_the_command_refreshes_a_copy(tmp_path: Path, capsysbinary: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "copy.json")]) == 0
    assert (tmp_path / "copy.json").read_bytes() == schema_bytes()
    assert main([]) == 0
    assert capsysbinary.readouterr().out == schema_bytes()


def test_a_file_is_written_with_the_schema_it_points_to(tmp_path: Path) -> None:
    path = write_signal(tmp_path / "signals", sample())
    assert path == tmp_path / "signals/trade_signals_2024-03-15_golden.json"
    assert path == signal_path(tmp_path / "signals", sample())
    assert path.read_bytes() == render(sample())
    pointed_to = path.parent / json.loads(path.read_bytes())["$schema"]
    assert pointed_to.read_bytes() == schema_bytes()
    assert sorted(p.name for p in path.parent.iterdir()) == ["schema", path.name]


def test_an_outdated_schema_is_replaced(tmp_path: Path) -> None:
    write_signal(tmp_path, sample())
    copy = tmp_path / "schema/trade_signals.schema.json"
    copy.write_text("{}")
    write_signal(tmp_path, sample())
    assert copy.read_bytes() == schema_bytes()


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_signal(tmp_path, sample())
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", _disk_full)
    with pytest.raises(SignalFileError, match=r"cannot be written: No space left.*make room"):
        write_signal(tmp_path, sample(warnings=("other",)))
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["schema", path.name]


def _disk_full(_handle: int) -> None:
    raise OSError(28, "No space left on device")
