"""Strategy files: found by path or name, read strictly, refused with everything that is wrong."""

import json
from pathlib import Path

import pytest

from backtest.core.errors import ParameterError, UsageError
from backtest.strategies.registry import build_strategy, find_strategy, load_strategy

GOOD = "strategy: {name: hierarchical_adaptive_v3_5b, variant: mine, parameters: {T_max: 4e1}}\n"


def write(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_three_shipped_variants(project_root: Path) -> None:
    folder = project_root / "config" / "strategies"
    golden, titan, gold2026 = (find_strategy(name, folder) for name in ("golden", "titan", "gold2026"))
    assert golden.name == "Hierarchical_Adaptive_v3_5b"
    assert golden.overridden == ()
    assert {name: titan.parameters[name] for name in titan.overridden} == {
        "measurement_noise": 2000.0,
        "t_norm_bull_thresh": 0.3,
    }
    assert {name: gold2026.parameters[name] for name in gold2026.overridden} == {
        "osc_smoothness": 10,
        "symmetric_volume_adjustment": True,
        "t_norm_bull_thresh": 0.05,
        "vol_baseline_window": 200,
    }
    assert find_strategy(folder / "titan.yaml", folder) == titan


def test_yaml_json_and_mapping_are_the_same(tmp_path: Path) -> None:
    document = {
        "strategy": {"name": "Hierarchical_Adaptive_v3_5b", "variant": "mine", "parameters": {"T_max": 40}}
    }
    from_yaml = load_strategy(write(tmp_path, GOOD))
    from_json = load_strategy(write(tmp_path, json.dumps(document), "mine.json"))
    json_in_yaml = load_strategy(write(tmp_path, json.dumps(document, indent=1), "other.yaml"))
    assert from_yaml == from_json == json_in_yaml == load_strategy(document)
    assert from_yaml.parameters["T_max"] == 40.0


def test_a_variant_is_found_by_file_name_then_by_what_the_file_declares(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "first.yaml")
    write(tmp_path, "not: [a strategy", "broken.yaml")
    assert find_strategy("first", tmp_path).variant == "mine"
    assert find_strategy("mine", tmp_path).variant == "mine"
    with pytest.raises(UsageError, match=r"no strategy named 'mime'.*did you mean mine"):
        find_strategy("mime", tmp_path)
    with pytest.raises(UsageError, match="give the path"):
        find_strategy("mine", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no mapping"),
        ("- 1\n", "holds no mapping"),
        ("strategy: 3\n", "no section"),
        ("strategy: {name: [\n", "not readable"),
        ('{"strategy": {"variant": "a", "variant": "b"}}', "'variant' appears twice"),
        ("strategy: {name: a, name: b}\n", "'name' appears twice"),
        ("strategy: !!python/object/apply:os.getcwd []\n", "not readable"),
        (GOOD.replace("mine", "../mine"), "strategy.variant"),
        (GOOD.replace("variant: mine", "variant: 3"), "strategy.variant"),
        (GOOD.replace("variant", "varient"), "did you mean variant"),
        (
            GOOD.replace("hierarchical_adaptive_v3_5b", "hierarchical_adaptive_v3_5"),
            "did you mean Hierarchical",
        ),
        (GOOD.replace("T_max", "T_mx"), "did you mean T_max"),
        (GOOD + "extra: 1\n", "extra: unknown key"),
        (GOOD.replace("{T_max: 4e1}", "[1]"), "strategy.parameters"),
    ],
)
def test_bad_files_are_refused_with_a_reason(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_strategy(write(tmp_path, text))
    shown = "\n".join([caught.value.line(), *map(str, caught.value.findings)])
    assert problem in shown
    assert "mine.yaml" in shown
    assert caught.value.exit_code == 2


def test_unreadable_files_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_strategy(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00strategy")
    with pytest.raises(UsageError, match="UTF-8"):
        load_strategy(tmp_path / "binary.yaml")


def test_findings_of_keys_come_together(tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        load_strategy({"strategy": {"nam": 1, "parameters": 3}, "x": 1})
    assert [f.path for f in caught.value.findings] == [
        "x",
        "strategy.nam",
        "strategy.name",
        "strategy.variant",
        "strategy.parameters",
    ]


def test_parameters_may_be_left_out(tmp_path: Path) -> None:
    text = "strategy:\n  name: HIERARCHICAL_adaptive_v3_5b\n  variant: plain\n  parameters:\n"
    assert load_strategy(write(tmp_path, text)).overridden == ()
    assert build_strategy("hierarchical_adaptive_v3_5b", "x", {}).variant == "x"
