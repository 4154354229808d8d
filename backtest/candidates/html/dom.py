"""An HTML page as a light tree of nodes over one list of text segments, whatever the page looks like.

Every node owns a range of segments in document order, so the text of any part of the page is a slice.
Child nodes never run together: "CMC" and a badge "B-Grade" stay two segments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final


def words(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


MAX_NODES: Final = 100_000
MAX_DEPTH: Final = 100
MAX_TEXT: Final = 400
MAX_UNCLOSED: Final = 5_000
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID: Final = words(
    "area base br col embed hr img input link meta source track wbr p li td th tr tbody thead option dt dd"
)
_INVISIBLE: Final = frozenset(
    {"script", "style", "template", "noscript", "svg", "head", "iframe", "object", "select"}
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPLIT: Final = re.compile(r"\s*[|·•‖¦]\s*")
_WORD: Final = re.compile(r"[-_]+|(?<=[a-z])(?=[A-Z])")
_DASHES: Final = str.maketrans({"–": "-", "—": "-", "−": "-", "‑": "-", "\u00a0": " ", "＋": "+", "％": "%"})
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(eq=False, slots=True)
class Node:
    """One element.

    Attributes:
        tag: lower case.
        tokens: class names, lower case.
        words: parts of the class names: ``stock-ticker`` gives stock and ticker.
        start, end: range of its segments.
        order: position in document order.
    """

    tag: str
    tokens: frozenset[str]
    words: frozenset[str]
    parent: Node | None
    start: int
    order: int
    end: int = 0
    children: list[Node] = field(default_factory=list)

    def ancestors(self) -> Iterator[Node]:
        """Yield the parent, its parent, and so on."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def last_order(self) -> int:
        """Return the order of the last node inside this one."""
        node = self
        while node.children:
            node = node.children[-1]
        return node.order

    def within(self, other: Node) -> bool:
        """Tell whether this node is `other` or inside it."""
        return self is other or any(node is other for node in self.ancestors())


@dataclass(eq=False, frozen=True, slots=True)
class Segment:
    """One piece of visible text and the element that directly holds it; dashes and blanks are normalised."""

    text: str
    node: Node
    index: int


@dataclass(slots=True)
class Page:
    """A page.

    Attributes:
        nodes: in document order.
        segments: in document order.
        cut: what was left out because the page is too deep or too large, "" when nothing was.
    """

    root: Node
    nodes: list[Node] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    cut: str = ""

    def text_of(self, node: Node) -> list[Segment]:
        """Return the segments of a node."""
        return self.segments[node.start : node.end]


def nesting(html: str) -> int:
    """Return how deep elements are opened and not closed, roughly: parsing time grows with its square."""
    depth = deepest = 0
    for match in _TAG.finditer(html):
        if match.group(1):
            depth = max(0, depth - 1)
        elif match.group(2).lower() not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def parse_page(html: str) -> Page:
    """Parse HTML of any quality. Scripts, styles and hidden elements leave no text."""
    from selectolax.lexbor import LexborHTMLParser

    root = Node("html", frozenset(), frozenset(), None, 0, 0)
    page = Page(root, [root])
    body = LexborHTMLParser(html).body
    if body is not None:
        _copy(body, page)
    root.end = len(page.segments)
    return page


def _copy(body: Any, page: Page) -> None:
    """Copy the tree without recursion: hostile pages nest thousands of elements."""
    stack: list[tuple[Any, Node, int]] = [(body.child, page.root, 1)]
    while stack:
        raw, parent, depth = stack.pop()
        if raw is None:
            parent.end = len(page.segments)
            continue
        stack.append((raw.next, parent, depth))
        tag = raw.tag
        if tag == "-text":
            _add_text(raw.text_content or "", parent, page)
        elif tag is None or tag.startswith("-") or tag in _INVISIBLE or _is_hidden(raw):
            continue
        elif depth >= MAX_DEPTH or len(page.nodes) >= MAX_NODES:
            page.cut = "nested too deeply" if depth >= MAX_DEPTH else "too many elements"
        else:
            node = _node(raw, parent, page)
            stack.append((raw.child, node, depth + 1))


def _is_hidden(raw: Any) -> bool:
    attributes = raw.attributes
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


def _node(raw: Any, parent: Node, page: Page) -> Node:
    tokens, parts = _classes((raw.attributes.get("class") or "")[:300])
    node = Node(
        tag=raw.tag,
        tokens=tokens,
        words=parts,
        parent=parent,
        start=len(page.segments),
        order=len(page.nodes),
        end=len(page.segments),
    )
    parent.children.append(node)
    page.nodes.append(node)
    return node


@lru_cache(maxsize=4096)
def _classes(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return class names and their parts, lower case."""
    names = text.split()[:20]
    parts = (word for name in names for word in _WORD.split(name) if word)
    return frozenset(name.lower() for name in names), frozenset(word.lower() for word in parts)


def _add_text(text: str, owner: Node, page: Page) -> None:
    clean = " ".join(text.translate(_DASHES).split())
    if not clean:
        return
    for part in _SPLIT.split(clean[: MAX_TEXT * 10]):
        if part:
            page.segments.append(Segment(part[:MAX_TEXT], owner, len(page.segments)))
