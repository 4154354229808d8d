"""`python -m backtest portfolio`: simulate a list of earnings candidates."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.core.errors import UsageError

if TYPE_CHECKING:
    from backtest.core.candidate import Candidate

_EPILOG = """\
Settings have the names of the strategy file and of the simulator. Values are JSON, anything else is text,
null switches a rule off:
  --set max_positions=5 --set trailing_stop=null --set max_holding_days=30 --set stop_fill=stop
  --set size_from=reference   sizes and chooses before the open as live does, with the daily limit and quality
                              filter of the strategy file; without it these two apply only when set here
  --set book=independent      trades every candidate on its own"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "portfolio",
        help="simulate positions with stops, weekly trailing exits, capacity and rotation",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--strategy", required=True, metavar="FILE", help="strategy file or variant name")
    parser.add_argument(
        "--candidates",
        required=True,
        type=Path,
        metavar="FILE.json",
        help='{"candidates": […]} or a folder of reports',
    )
    parser.add_argument(
        "--prices", required=True, type=Path, metavar="DIR", help="folder of SYMBOL.csv files"
    )
    parser.add_argument("--output", required=True, type=Path, metavar="FILE.json", help="written atomically")
    parser.add_argument(
        "--equity", type=Path, metavar="FILE.csv", help="also write date,equity per session (shared book)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="override one setting; repeatable"
    )
    parser.add_argument(
        "--compat", action="store_true", help="reproduce the original backtest: its known defects switched on"
    )
    parser.add_argument(
        "--confirmed", type=Path, metavar="FILE", help="prices a person confirmed (confirmed_prices.jsonl)"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Simulate and write the result; return the exit code."""
    from backtest.data.believable import require_believable_prices
    from backtest.data.sources.csv import read_directory, tell
    from backtest.simulator.positions.independent import simulate_independent
    from backtest.simulator.positions.metrics import summary
    from backtest.simulator.positions.simulate import simulate
    from backtest.simulator.windows import daily_bar_warning
    from backtest.strategies.earnings_swing.parameters import EFFECTS, USUAL
    from backtest.strategies.parameters import unusual_values

    rules = rules_for(options.strategy, options.set, compatible=options.compat)
    if options.equity is not None and rules.book == "independent":
        raise UsageError(
            "an independent book has no common equity",
            where="--equity",
            remedy="leave it out, or use --set book=shared",
        )
    candidates = _candidates(options.candidates)
    tickers = [candidate.ticker for candidate in candidates]
    # A halted or delisted stock lacks sessions; the simulator knows what to do then.
    prices = read_directory(options.prices, tickers, allow_gaps=set(tickers), recognised=tell)
    suspicions = require_believable_prices(prices, (), options.prices, options.confirmed)
    sys.stderr.write("".join(f"warning: {suspicion}\n" for suspicion in suspicions))
    play = simulate_independent if rules.book == "independent" else simulate
    result = play(candidates, prices, rules)
    figures = summary(result, rules)
    document = {
        "config": rules.model_dump(mode="json", exclude=rules.unasked),
        "summary": figures,
        "trades": [trade.as_row() for trade in result.trades],
        "skipped_columns": ["ticker", "report_date", "grade", "score", "reason"],
        "skipped": [skip.as_row() for skip in result.skipped],
    }
    _write(options.output, _lines(document))
    if options.equity is not None:
        capital = rules.capital
        rows = [f"{p.day},{capital + p.realized + p.unrealized:.2f}\n" for p in result.equity]
        _write(options.equity, "date,equity\n" + "".join(rows))
    window = daily_bar_warning(rules.execution_time, enters_at_open=True)
    for warning in (*unusual_values(rules, USUAL, EFFECTS), *([window] if window else [])):
        sys.stderr.write(f"warning: {warning}\n")
    sys.stdout.write(
        f"{figures['trades']} trades, {figures['skipped']} skipped, total {figures['total_pnl']:,.2f}, "
        f"profit factor {figures['profit_factor']}; written to {options.output}\n"
    )
    return 0


def _candidates(path: Path) -> Sequence[Candidate]:
    """Return the candidates of a list, or of a folder of HTML and JSON reports."""
    if not path.is_dir():
        from backtest.candidates.model import read_candidate_list

        return read_candidate_list(path)
    from backtest.candidates.directory import read_folder

    found, findings = read_folder(path)
    if findings:
        sys.stderr.write(f"{path}: {len(findings)} findings, first: {findings[0]}\n")
    return found


def rules_for(strategy: str, settings: Sequence[str], *, compatible: bool) -> Any:
    """Return the simulator's rules: strategy file, then the compatible preset, then `NAME=VALUE` settings.

    Raises:
        ParameterError: an unknown name (with a suggestion) or a value out of range; all at once.
        UsageError: not the strategy of a positions family, or a setting without ``=``.
    """
    from backtest.simulator.positions.model import COMPATIBLE, LIVE_ONLY, PortfolioRules
    from backtest.strategies.earnings_swing.parameters import parse
    from backtest.strategies.registry import STRATEGIES, find_strategy

    loaded = find_strategy(strategy, STRATEGIES)
    if loaded.family.holds_weights:
        raise UsageError(
            f"{loaded.name} holds weights, not positions", where=strategy, remedy="use `backtest run` for it"
        )
    chosen = dict(_setting(text) for text in settings)
    values = {**loaded.parameters, **(COMPATIBLE if compatible else {}), **chosen}
    rules = parse(PortfolioRules, values, where="--set")
    return (
        rules
        if rules.chooses_live
        else parse(PortfolioRules, {**values, **LIVE_ONLY, **chosen}, where="--set")
    )


def _setting(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise UsageError(f"{text!r} has no name and value", where="--set", remedy="write --set NAME=VALUE")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value


def _lines(document: dict[str, Any]) -> str:
    """Return JSON with one record per line, so that two results can be compared with diff."""
    parts = []
    for key, value in document.items():
        if key in {"trades", "skipped"}:
            rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f'"{key}": [\n{rows}\n]' if rows else f'"{key}": []')
        else:
            parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _write(path: Path, text: str) -> None:
    from backtest.core.files import write_atomic

    try:
        write_atomic(path, text.encode())
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from error
