"""The description: every answer has a schema, and what is answered fits it."""

import json

import jsonschema
import pytest

from live.web.app import described_app
from live.web.document import describe
from tests.live.web.test_guard import address
from tests.support.web_world import Site

DOCUMENT = describe(described_app())
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


def test_enough_is_described() -> None:
    assert len(READS) >= 18
