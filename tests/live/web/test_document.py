"""The description: every answer has a schema, and what is answered fits it."""

import json
import re

import jsonschema
import pytest

from live.web.app import described_app
from live.web.document import describe
from tests.live.web.test_guard import address
from tests.support.web_answers import FILE as ANSWERS
from tests.support.web_world import Site

DOCUMENT = describe(described_app())
PART = re.compile(r"\{[^}]*\}")
READS = [
    path
    for path, operations in DOCUMENT["paths"].items()
    if "application/json" in operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    and operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
]


def test_it_is_the_same_every_time() -> None:
    assert json.dumps(describe(described_app())) == json.dumps(DOCUMENT)


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(DOCUMENT["components"]["schemas"])
    assert "x-view" not in text


def test_the_founding_paths_are_outside_of_it() -> None:
    assert all(path.startswith("/api/v1/") for path in DOCUMENT["paths"])


@pytest.mark.parametrize("path", READS)
def test_what_is_answered_fits_the_description(shown: Site, path: str) -> None:
    question = "?variant=golden" if path.endswith("rolling") else ""
    found = shown.browser().client.get(address(path) + question)
    if found.status_code == 404:
        return  # an order that this world does not have; test_books looks at one that it has
    assert found.status_code == 200, found.text
    schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(found.json(), {**schema, "components": DOCUMENT["components"]})


def test_the_answers_the_pages_are_tried_with_are_described_so() -> None:
    """When a view changed: `python -m tests.support.web_answers`."""
    found = json.loads(ANSWERS.read_text(encoding="utf-8"))
    described = 0
    for path, answer in found.items():
        known = next((one for one in READS if re.fullmatch(PART.sub("[^/]+", one), f"/api/v1{path}")), None)
        if known is not None:
            content = DOCUMENT["paths"][known]["get"]["responses"]["200"]["content"]["application/json"]
            jsonschema.validate(answer, {**content["schema"], "components": DOCUMENT["components"]})
            described += 1
    assert described >= 25


def test_enough_is_described() -> None:
    assert len(READS) >= 18
