"""Pages of the documentation that follow from the code: commands, settings, the list of decisions.

A hook of MkDocs (`mkdocs.yml`): they are made when the site is built, so they cannot be out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

PROJECT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those that lie in `docs/`."""
    from mkdocs.structure.files import File

    for name, content in pages().items():
        files.append(File.generated(config, name, content=content))
    return files


def pages() -> Mapping[str, str]:
    """Return name -> Markdown of every page that follows from the code."""
    return {
        "commands.md": "\n".join(_commands()) + "\n",
        "settings.md": "\n".join(_settings()) + "\n",
        "decisions/index.md": "\n".join(_decisions()) + "\n",
    }


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield "Every command takes `--help`; those that read take `--json`. Codes: [exit codes](exit_codes.md).\n"
    for words, command in commands():
        yield f"## jutsu {words}\n"
        yield f"{_text(command.help)}\n"
        given = [one for one in command.params if one.name != "help"]
        if given:
            yield "| | |\n| --- | --- |"
        for one in given:
            yield f"| {_names(one)} | {_text(getattr(one, 'help', None) or '')} |"
        yield ""
    for module, parser in stages():
        yield f"## python -m {module}\n\n```text\n{parser.format_help().rstrip()}\n```\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command of `jutsu` with the words that lead to it, groups that do something included."""
    import typer

    from live.cli.app import build

    def walk(found: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        below = getattr(found, "commands", None)
        if below is None:
            yield " ".join(words), found
            return
        if words and found.invoke_without_command:
            yield " ".join(words), found
        for name in sorted(below):
            yield from walk(below[name], (*words, name))

    yield from walk(typer.main.get_command(build()), ())


def stages() -> Iterator[tuple[str, Any]]:
    """Yield module and command line of both stages."""
    from live import executor, signal_generator

    yield "live.signal_generator", signal_generator.parser()
    yield "live.executor", executor.parser()


def _names(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"`{one.metavar or one.name.upper()}`"
    value = "" if getattr(one, "is_flag", False) else f" {one.metavar or one.name.upper()}"
    return ", ".join(f"`{flag}{value}`" for flag in one.opts)


def _settings() -> Iterator[str]:
    yield "# Settings\n"
    yield (
        "`config/live.yaml` lists them all. What wins, highest first: a flag, `jutsu config set`, an "
        "environment variable, the file, the default. Percentages are in percent; relative paths belong to "
        "the project folder.\n"
    )
    section = ""
    for name, default, meaning in settings():
        own = name.rpartition(".")[0]
        if own != section or section == "":
            section = own
            yield f"\n## {own or name}\n\n| setting | default | |\n| --- | --- | --- |"
        yield f"| `{name}` | `{default}` | {_text(meaning)} |"


def settings() -> Iterator[tuple[str, str, str]]:
    """Yield dotted name, default and meaning of every setting, in the order of the model.

    The meaning is the comment of its line in the shipped file, else the one above its section.
    """
    from live.settings.model import Settings
    from live.settings.names import flat, leaves
    from live.system.json_text import value_text

    defaults, comments = flat(Settings().model_dump(mode="json")), _comments()
    for name in leaves():
        shown = "as shipped" if name == "books" else value_text(defaults[name])
        yield name, shown, comments.get(name) or comments.get(name.rpartition(".")[0], "")


def _comments() -> dict[str, str]:
    """Return dotted name -> comment in the shipped settings file: above its line and on it."""
    found: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    above: list[str] = []
    name = ""
    for line in (PROJECT / "config" / "live.yaml").read_text().splitlines():
        body, _, comment = line.partition("#")
        indent = len(body) - len(body.lstrip(" "))
        if not body.strip():
            above = [*above, comment.strip()] if comment else []
            continue
        key = body.strip().removeprefix("- ").partition(":")[0]
        while path and path[-1][0] >= indent:
            path.pop()
        path.append((indent, key))
        name = ".".join(part for _, part in path)
        found[name] = " ".join((*above, comment.strip())).strip()
        above = []
    return found


def _decisions() -> Iterator[str]:
    yield "# Decisions\n"
    yield "Why something was built as it is, in the order it was decided.\n"
    for path in sorted((PROJECT / "docs" / "decisions").glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").strip()
        yield f"- [{title}]({path.name})"


def _text(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
