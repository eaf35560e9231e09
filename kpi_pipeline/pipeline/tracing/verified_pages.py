"""What a PDF shows against what was issued: every word of every page, and the look of pages whose words agree."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from kpi_pipeline.pipeline.tracing.verified_issue import Archived, words_of_page

MOST_NAMED = 20


def pdf_faults(content: bytes, given: Any, found: Archived) -> Iterator[str]:
    """What of a PDF reads or looks otherwise than it was issued; nothing where its bytes are the same."""
    issued = found.pdf.read_bytes() if found.pdf.is_file() else b""
    if not issued:  # named by the archive's own check
        return
    if content == issued:
        return
    document = pypdfium2.PdfDocument(issued)
    if len(given) != len(document):
        yield f"PDF: has {len(given)} pages, issue {found.issue.number} has {len(document)}"
    named = []
    for page in range(min(len(given), len(document))):
        words, true = words_of_page(given, page), words_of_page(document, page)
        if words != true:
            named += list(changed_words(page, words, true))
        elif not look_alike(given, document, page):
            named.append(f"PDF, page {page + 1}: its words agree, but it does not look as it was issued")
    yield from named[:MOST_NAMED]
    if len(named) > MOST_NAMED:
        yield f"PDF: and {len(named) - MOST_NAMED:,} more places"
    if not named:
        yield "PDF: its bytes are not those that were issued; every page reads and looks the same"


def changed_words(page: int, words: list[str], true: list[str]) -> Iterator[str]:
    """Each place where the words of a page are not the true ones: what stands there, and what the issue says."""
    matcher = difflib.SequenceMatcher(None, true, words, autojunk=False)
    for kind, start, end, given_start, given_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        before = " ".join(true[max(0, start - 4) : start])
        has, had = " ".join(words[given_start:given_end]), " ".join(true[start:end])
        after = f" after “{before}”" if before else ""
        yield f"PDF, page {page + 1}: “{has or 'nothing'}” stands{after} where the issue says “{had or 'nothing'}”"


def look_alike(given: Any, document: Any, page: int) -> bool:
    """Whether a page is drawn the same, dot for dot."""
    if given[page].get_size() != document[page].get_size():  # before a page of any size is drawn
        return False
    pictures = [one[page].render(scale=1, grayscale=True).to_numpy() for one in (given, document)]
    return pictures[0].shape == pictures[1].shape and bool((pictures[0] == pictures[1]).all())
