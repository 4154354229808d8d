"""Figures of the code and the targets they are held to: `python -m tools.figures [--check]`.

Prints one Markdown table (the one in `docs/architecture.md`). `--check` exits 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("backtest", "live")
TYPED_ROOTS = (*PACKAGES, "tests", "benchmarks", "tools")
#: the two stages and the command line stop every error in these places, and an alert must never fail a run
BROAD_EXCEPTS = frozenset({"live/runtime/lifecycle.py", "live/cli/app.py", "live/alerts/delivery.py"})
#: only packages and these files lie in the root of `live/`
LIVE_ROOT = frozenset({"__init__.py", "signal_generator.py", "executor.py"})
#: a migration is one statement after the other, written once and never changed
UNBOUNDED = "live/ledger/migrations/"
#: the text of a database, one line a column, written by `python -m live.ledger.schema`
GENERATED = "live/ledger/sqlite_schema.py"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Function:
    """One function: its file, name, lines from `def` to its end, and whether it is fully annotated."""

    path: str
    name: str
    lines: int
    typed: bool


@dataclass(frozen=True, slots=True)
class Module:
    """One source file: path below the project, lines, its functions, and the lines of its broad excepts."""

    path: str
    lines: int
    functions: tuple[Function, ...]
    broad: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `kept` is None for a figure without a target."""

    name: str
    value: str
    target: str = ""
    kept: bool | None = None


def typed(node: FunctionNode) -> bool:
    """Whether every argument but self and cls, and the result, carry an annotation."""
    given = node.args
    first = [*given.posonlyargs, *given.args]
    named = [a for i, a in enumerate(first) if i or a.arg not in {"self", "cls"}]
    named += [*given.kwonlyargs, *(a for a in (given.vararg, given.kwarg) if a)]
    return node.returns is not None and all(a.annotation for a in named)


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches everything and keeps it: one that ends in a bare `raise` only cleans up."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = handler.type
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        k is None or (isinstance(k, ast.Name) and k.id in {"Exception", "BaseException"}) for k in kinds
    )


def read_module(path: Path, root: Path = PROJECT) -> Module:
    """Measure one source file. Raises SyntaxError when it is no Python."""
    text = path.read_text(encoding="utf-8")
    place = path.relative_to(root).as_posix()
    nodes = list(ast.walk(ast.parse(text)))
    functions = tuple(
        Function(place, n.name, (n.end_lineno or n.lineno) - n.lineno + 1, typed(n))
        for n in nodes
        if isinstance(n, FunctionNode)
    )
    broad = tuple(n.lineno for n in nodes if isinstance(n, ast.ExceptHandler) and is_broad(n))
    return Module(place, len(text.splitlines()), functions, broad)


def modules_of(roots: Iterable[str], root: Path = PROJECT) -> tuple[Module, ...]:
    """Measure every source file below these folders, sorted by path."""
    return tuple(read_module(p, root) for name in roots for p in sorted((root / name).rglob("*.py")))


def percentile(values: Sequence[int], share: float) -> int:
    """Return the smallest value that at least this share (0 to 1) of the values does not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * round(share * 1000) // 1000) - 1)]


def cycles(arrows: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return the groups of two or more names that reach each other (Tarjan's components), sorted."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[tuple[str, ...]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in arrows.get(name, ()):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            at = stack.index(name)
            group, stack[at:] = tuple(sorted(stack[at:])), []
            if len(group) > 1:
                found.append(group)

    for name in sorted(arrows):
        if name not in order:
            visit(name)
    return sorted(found)


def import_arrows() -> dict[str, set[str]]:
    """Return module -> modules it imports, inside functions too, from import-linter's own graph."""
    import grimp

    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def room_of(module: str) -> str:
    """Return the folder a module lies in, at the depth of the tree: `live.execution`."""
    return ".".join(module.split(".")[:2])


def room_arrows(arrows: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Return room -> other rooms it imports."""
    rooms: dict[str, set[str]] = {}
    for module, others in arrows.items():
        mine = rooms.setdefault(room_of(module), set())
        mine.update(room_of(o) for o in others if room_of(o) != room_of(module))
    return rooms


def size_figures(modules: Sequence[Module]) -> Iterator[Figure]:
    """Yield the figures of modules and functions of the product."""
    lines = [m.lines for m in modules]
    longest = max((m for m in modules if m.path != GENERATED), key=lambda m: m.lines)
    yield Figure("modules", f"{len(lines):,} ({sum(lines):,} lines)")
    yield Figure("module, median lines", f"{median(lines):g}", "<= 150", median(lines) <= 150)
    most = f"{longest.lines} ({longest.path})"
    yield Figure("module, most lines but generated", most, "<= 400", longest.lines <= 400)
    functions = [f for m in modules for f in m.functions]
    bounded = [f for f in functions if not f.path.startswith(UNBOUNDED)]
    sizes = [f.lines for f in functions]
    top = max(bounded, key=lambda f: f.lines)
    p99 = percentile(sizes, 0.99)
    yield Figure("functions", f"{len(sizes):,}")
    yield Figure("function, median lines", f"{median(sizes):g}", "<= 8", median(sizes) <= 8)
    yield Figure("function, 99th percentile", f"{p99}", "<= 45", p99 <= 45)
    yield Figure(
        "function, most lines but migrations",
        f"{top.lines} ({top.path}: {top.name})",
        "<= 60",
        top.lines <= 60,
    )


def typed_figure(name: str, modules: Sequence[Module]) -> Figure:
    """Return the share of fully annotated functions; names the first that is not."""
    functions = [f for m in modules for f in m.functions]
    missing = [f for f in functions if not f.typed]
    share = 100 * (1 - len(missing) / len(functions)) if functions else 100.0
    note = f" ({len(missing)} missing, first {missing[0].path}: {missing[0].name})" if missing else ""
    return Figure(name, f"{int(share * 10) / 10:g} %{note}", "100 %", not missing)


def broad_figure(modules: Sequence[Module]) -> Figure:
    """Return where everything is caught and kept, against the allowed places."""
    places = [f"{m.path}:{line}" for m in modules for line in m.broad]
    stray = [p for p in places if p.rsplit(":", 1)[0] not in BROAD_EXCEPTS]
    return Figure("broad excepts", ", ".join(places) or "none", ", ".join(sorted(BROAD_EXCEPTS)), not stray)


def root_figure(root: Path = PROJECT) -> Figure:
    """Return the files in the root of `live/`."""
    files = {p.name for p in (root / "live").iterdir() if p.is_file()} - {"py.typed"}
    return Figure(
        "files in the root of live/", ", ".join(sorted(files)), "the two stages", files == LIVE_ROOT
    )


def cycle_figures() -> Iterator[Figure]:
    """Yield import cycles between modules and between rooms."""
    arrows = import_arrows()
    for name, graph in (("modules", arrows), ("rooms", room_arrows(arrows))):
        found = cycles(graph)
        text = "; ".join(" - ".join(group) for group in found) or "none"
        yield Figure(f"import cycles between {name}", text, "none", not found)


def contract_figure(root: Path = PROJECT) -> Figure:
    """Return the import contracts of pyproject.toml and whether import-linter finds them kept."""
    with (root / "pyproject.toml").open("rb") as file:
        count = len(tomllib.load(file)["tool"]["importlinter"]["contracts"])
    run = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", run, "--no-cache"], cwd=root, capture_output=True, check=False
    )
    kept = done.returncode == 0
    return Figure("import contracts", f"{count}, {'all kept' if kept else 'broken'}", "all kept", kept)


def figures() -> list[Figure]:
    """Measure the project."""
    product = modules_of(PACKAGES)
    return [
        *size_figures(product),
        typed_figure("functions typed, product", product),
        typed_figure("functions typed, with tests and benchmarks", modules_of(TYPED_ROOTS)),
        broad_figure(product),
        root_figure(),
        *cycle_figures(),
        contract_figure(),
    ]


def table(rows: Iterable[Figure]) -> str:
    """Return the rows as a Markdown table."""
    words = {True: "yes", False: "**no**", None: ""}
    head = ["| figure | value | target | kept |", "|---|---|---|---|"]
    return "\n".join(head + [f"| {r.name} | {r.value} | {r.target} | {words[r.kept]} |" for r in rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; with `--check` return 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tools.figures", description="Figures of the code.")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    check = parser.parse_args(arguments).check
    rows = figures()
    print(table(rows))
    return int(check and any(r.kept is False for r in rows))


if __name__ == "__main__":
    sys.exit(main())
