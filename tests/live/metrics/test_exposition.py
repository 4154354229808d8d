"""What is written is what the official reader of the format reads."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from live.metrics.exposition import Family, Sample, render

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x85\u2028\u2029"), max_size=30
)
SAMPLES = st.builds(Sample, st.dictionaries(NAMES, TEXTS, max_size=3), st.floats())
FAMILIES = st.builds(
    Family,
    NAMES.map(lambda name: f"jutsu_{name}_x"),
    st.just("gauge"),
    TEXTS.map(str.strip),
    st.lists(SAMPLES, min_size=1, max_size=4).map(tuple),
)


@given(st.lists(FAMILIES, max_size=4, unique_by=lambda family: family.name))
def test_the_official_parser_reads_back_names_labels_and_values(families: list[Family]) -> None:
    found = list(text_string_to_metric_families(render(families)))
    assert [family.name for family in found] == [family.name for family in families]
    for read, written in zip(found, families, strict=True):
        assert read.type == written.kind
        for got, wanted in zip(read.samples, written.samples, strict=True):
            assert got.labels == wanted.labels
            assert got.value == wanted.value or (math.isnan(got.value) and math.isnan(wanted.value))


def test_a_counter_and_its_help_are_told() -> None:
    text = render(
        [Family("jutsu_missed_sessions_total", "counter", "a \\ b", (Sample({"variant": 'q"'}, 2),))]
    )
    assert text == (
        "# HELP jutsu_missed_sessions_total a \\\\ b\n"
        "# TYPE jutsu_missed_sessions_total counter\n"
        'jutsu_missed_sessions_total{variant="q\\""} 2.0\n'
    )


def test_a_family_without_samples_is_left_out() -> None:
    assert render([Family("jutsu_cash", "gauge", "cash", ())]) == ""
