"""Dashboard and alert rules name metrics that exist, and every metric has a place on the dashboard."""

from __future__ import annotations

import json
import re

import yaml

from live.metrics.catalogue import CATALOGUE, PREFIX, families
from live.metrics.exposition import Sample
from tests.support.paths import PROJECT

KNOWN = {PREFIX + name for name in CATALOGUE}
RULES = yaml.safe_load((PROJECT / "docs/prometheus_rules.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((PROJECT / "docs/grafana.json").read_text())


def named(text: str) -> set[str]:
    return set(re.findall(r"\bjutsu_[a-z_]+", text))


def test_ten_rules_and_each_names_metrics_that_exist() -> None:
    assert len(RULES) == 10
    assert len({rule["alert"] for rule in RULES}) == 10
    for rule in RULES:
        assert named(rule["expr"]), rule["alert"]
        assert named(rule["expr"]) <= KNOWN, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert {"summary", "action"} <= rule["annotations"].keys()


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert set().union(*map(named, shown)) == KNOWN
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_panels_do_not_lie_on_each_other() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        own = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not own & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        cells |= own


def test_families_follow_the_catalogue() -> None:
    found = families({"cash": [Sample({}, 1.0)]})
    assert [family.name for family in found] == [PREFIX + name for name in CATALOGUE]
    assert [family.name for family in found if family.samples] == ["jutsu_cash"]
