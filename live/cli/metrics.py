"""`jutsu metrics`: the text that `metrics.textfile` keeps, for a look or another collector."""

from __future__ import annotations

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    echo,
    emit_json,
    options_of,
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(metrics)


def metrics(
    *, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None
) -> None:
    """Print the figures of this account, or of every one, as Prometheus reads them."""
    from live.metrics.exposition import merged, render
    from live.metrics.textfile import gathered
    from live.runtime.each_account import options_of_each
    from live.runtime.loading import Sources, settings_in_force

    each = [Sources.of(options) for options in options_of_each(options_of(config, state_db))]
    found = merged(gathered(settings_in_force(sources), sources.now) for sources in each)
    if as_json:
        emit_json([family for family in found if family.samples])
    else:
        echo(render(found), nl=False)
