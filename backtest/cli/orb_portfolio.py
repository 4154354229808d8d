"""`python -m backtest orb validate | portfolio`: which strategies hold, and what is made of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, Final

from backtest.cli.numbers import finite
from backtest.cli.orb_inputs import add_inputs, add_output, filters_of, read_study, write_output
from backtest.research.opening_range_breakout.discovery import Discovery, discover, validation_csv
from backtest.research.opening_range_breakout.selection import UNKNOWN, SelectionLimits, select
from backtest.research.opening_range_breakout.validation import ValidationLimits
from backtest.research.opening_range_breakout.walk_forward import (
    WalkForwardTerms,
    folds_csv,
    walk_forward,
)
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import Portfolio
from backtest.strategies.opening_range_breakout.portfolio_file import portfolio_text
from backtest.strategies.opening_range_breakout.sizing import Sizing

Numbers = Mapping[str, tuple[Callable[[str], float], str]]
_VALIDATION: Final[Numbers] = {
    "min_trades": (int, "fewer make the class regime"),
    "regime_trades": (int, "fewer are rejected"),
    "positive_years": (finite, "part of the years above 0, 0 to 1"),
    "stress": (finite, "costs times this must still pay"),
    "min_sharpe": (finite, "least mean by deviation of results in R"),
    "max_drawdown_r": (finite, "deepest fall of the sum of results in R"),
}
_SELECTION: Final[Numbers] = {
    "min_expectancy_r": (finite, "least mean result in R"),
    "max_strategies": (int, "most strategies"),
    "max_per_orb": (int, "most strategies of one label"),
    "max_per_entry_model": (int, "most strategies of one entry model"),
    "max_correlation": (finite, "of daily results; this much is too much"),
    "min_shared_days": (int, "common days below which a correlation is not known"),
    "min_strategies": (int, "fewer are INSUFFICIENT"),
    "min_entry_models": (int, "fewer are INSUFFICIENT"),
}
_WALK: Final[Numbers] = {
    "train_months": (int, "months that strategies are chosen on"),
    "test_months": (int, "months that they are tried on; the window rolls by them"),
    "min_test_days": (int, "trading days a test needs"),
}
_SIZING: Final[Numbers] = {
    "equity": (finite, "dollars of the account"),
    "risk_pct": (finite, "percent risked with one trade"),
    "max_contracts": (int, "most contracts of a trade"),
    "max_drawdown": (finite, "dollars a prop firm allows to lose: its mode"),
}


def add_commands(commands: argparse._SubParsersAction[Any]) -> None:
    """Add both commands."""
    words = "judge every strategy and write why it is rejected as CSV"
    validate = commands.add_parser("validate", help=words, description=f"{words.capitalize()}.")
    words = "choose strategies that hold and write portfolio.json"
    portfolio = commands.add_parser("portfolio", help=words, description=f"{words.capitalize()}.")
    for parser in (validate, portfolio):
        add_inputs(parser)
        _add_numbers(parser, _VALIDATION, ValidationLimits())
    add_output(validate, "FILE.csv")
    add_output(portfolio, "FILE.json")
    _add_numbers(portfolio, _SELECTION, SelectionLimits())
    _add_numbers(portfolio, _SIZING, Sizing())
    add = portfolio.add_argument
    add("--corr-unknown", choices=UNKNOWN, default="accept", help="what an unknown correlation means")
    add("--no-friction", action="store_true", help="size by the distance to the stop alone, without costs")
    add("--name", default="orb", metavar="NAME", help="of the portfolio (default %(default)s)")
    validate.set_defaults(command=run_validate)
    portfolio.set_defaults(command=run_portfolio)
    words = "choose on the days before, trade on days never seen, fold by fold, and write the folds as CSV"
    walk = commands.add_parser("walk-forward", help=words, description=f"{words.capitalize()}.")
    add_inputs(walk)
    add_output(walk, "FILE.csv")
    _add_numbers(walk, _WALK, WalkForwardTerms())
    _add_numbers(walk, _VALIDATION, ValidationLimits())
    _add_numbers(walk, _SELECTION, SelectionLimits())
    walk.set_defaults(command=run_walk_forward)


def _add_numbers(parser: argparse.ArgumentParser, numbers: Numbers, values: object) -> None:
    for name, (kind, what) in numbers.items():
        default = getattr(values, name)
        shown = what if default is None else f"{what} (default {default:g})"
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=kind, default=default, metavar="N", help=shown)


def run_validate(args: argparse.Namespace) -> int:
    """Write the verdicts. Returns 0; every refusal is a JutsuError."""
    found = _discover(args)
    write_output(args.output, validation_csv(args.dataset, found.study.bars.symbol, found.candidates))
    standings = [one.verdict.standing for one in found.candidates]
    counts = ", ".join(f"{standings.count(word)} {word}" for word in ("validated", "regime", "rejected"))
    print(f"{len(standings):,} strategies: {counts}; written to {args.output}")
    return 0


def run_portfolio(args: argparse.Namespace) -> int:
    """Write the portfolio and show it. Returns 0, also when it is INSUFFICIENT."""
    limits = SelectionLimits(**_taken(args, _SELECTION), corr_unknown=args.corr_unknown)
    sizing = Sizing(**_taken(args, _SIZING), include_friction=not args.no_friction)
    portfolio = select(_discover(args), limits, sizing, RiskLimits(), name=args.name)
    write_output(args.output, portfolio_text(portfolio))
    print("\n".join((*_summary(portfolio), f"written to {args.output}")))
    return 0


def run_walk_forward(args: argparse.Namespace) -> int:
    """Write the folds. Returns 0, also when tests are DEGRADED."""
    terms = WalkForwardTerms(
        **_taken(args, _WALK),
        validation=ValidationLimits(**_taken(args, _VALIDATION)),
        selection=SelectionLimits(**_taken(args, _SELECTION)),
    )
    filters = filters_of(args)
    folds = walk_forward(read_study(args), filters, terms)
    write_output(args.output, folds_csv(folds))
    for number, fold in enumerate(folds, 1):
        print(f"fold {number}, {fold.test[0]} to {fold.test[1]}: {fold.verdict} {fold.reason}".rstrip())
    print(f"{len(folds):,} folds written to {args.output}")
    return 0


def _discover(args: argparse.Namespace) -> Discovery:
    limits = ValidationLimits(**_taken(args, _VALIDATION))
    filters = filters_of(args)
    return discover(read_study(args), filters, limits)


def _taken(args: argparse.Namespace, names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(args, name) for name in names}


def _summary(portfolio: Portfolio) -> list[str]:
    """Return what a person reads about a portfolio, line by line."""
    capital, sizing = portfolio.capital, portfolio.sizing
    count = len(portfolio.strategies)
    lines = [f"{portfolio.name}: {portfolio.status}, {count} strategies of {portfolio.trials:,} tried"]
    for one in portfolio.strategies:
        base = one.baseline
        rate = "no rate" if base.win_rate is None else f"{base.win_rate:.0%} won"
        skill = "DSR unknown" if one.skill is None else f"DSR {one.skill:.2f}"
        name = one.key.id(portfolio.symbol)
        facts = f"{base.expectancy_r:+.4f} R, {base.trades} trades, {rate}"
        lines.append(f"  {name}  {facts}, {one.standing}, {skill}")
    if portfolio.strategies:
        true = sizing.true_risk_pct(capital.risk_per_trade)
        lines += [
            f"trades a day {capital.trades_per_day:.2f}",
            f"dollars at risk a trade {capital.risk_per_trade:,.2f} ({true:.2f} % of what can be lost)",
            f"at once {capital.concurrent_risk:,.2f}, on the worst day {capital.worst_day:,.2f}",
        ]
    lines += [f"kept out: {count} by {reason}" for reason, count in portfolio.rejected.items()]
    return lines + [f"note: {note}" for note in portfolio.notes]
