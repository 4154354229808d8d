"""`jutsu metrics`: the text that `metrics.textfile` keeps, for a look or another collector."""

from __future__ import annotations

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, echo, emit_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(metrics)


def metrics(
    *, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None
) -> None:
    """Print the figures of this account as Prometheus reads them."""
    from live.metrics.exposition import render
    from live.metrics.textfile import gathered
    from live.runtime.loading import Sources, settings_in_force
    from live.runtime.options import Options

    sources = Sources.of(Options(config=config, state_db=state_db))
    found = gathered(settings_in_force(sources), sources.now)
    if as_json:
        emit_json([family for family in found if family.samples])
    else:
        echo(render(found), nl=False)
