"""What the module prints is the description the server gives."""

import json

import pytest

from live.web import openapi
from tests.support.web_world import Site


def test_the_module_prints_what_the_server_says(shown: Site, capsys: pytest.CaptureFixture[str]) -> None:
    openapi.main()
    printed = json.loads(capsys.readouterr().out)
    assert shown.browser().client.get("/api/openapi.json").json() == printed
