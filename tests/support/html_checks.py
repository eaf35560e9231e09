"""What is wrong with a piece of HTML a program wrote: unbalanced tags, doubled ids, tables and charts without names."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

VOID = frozenset({"meta", "link", "br", "img", "hr", "input"})


class Checker(HTMLParser):
    """Collects faults, headings and visible text while reading. SVG's `/>` closes its element."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.counts: dict[str, int] = {}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if len(given) != len(attrs):
            self.faults.append(f"{tag} has an attribute twice")
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(int(tag[1]))
        if tag == "th" and given.get("scope") not in {"row", "col"}:
            self.faults.append("th without scope")
        if tag == "img" and not given.get("alt"):
            self.faults.append("img without alt")
        if {"style", "onclick", "onload"} & given.keys() or not (given.get("href") or "#").startswith("#"):
            self.faults.append(f"{tag} carries style, link or script")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1] if self.open else 'nothing'}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def read_html(html: str) -> Checker:
    """Reads a document and adds the faults only the whole can show."""
    checker = Checker()
    checker.feed(html)
    checker.close()
    if checker.open:
        checker.faults.append(f"never closed: {checker.open}")
    if len(checker.ids) != len(set(checker.ids)):
        checker.faults.append("an id occurs twice")
    if checker.counts.get("table", 0) != checker.counts.get("caption", 0):
        checker.faults.append("a table has no caption")
    if checker.headings[:1] != [1] or checker.headings.count(1) != 1:
        checker.faults.append("there must be one h1, and it comes first")
    if any(later > earlier + 1 for earlier, later in pairwise(checker.headings)):
        checker.faults.append("a heading level is skipped")
    return checker
