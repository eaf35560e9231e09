"""What a PDF/A-3a and PDF/UA-1 reader would refuse, as far as pikepdf alone can see it.

The numbers are failure conditions of the Matterhorn Protocol 1.1 (PDF/UA-1) or clauses of ISO 19005-3 (PDF/A-3).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary

STANDARD_TAGS = {
    *("Document", "Part", "Art", "Sect", "Div", "BlockQuote", "Caption", "TOC", "TOCI", "Index", "NonStruct"),
    *("Private", "P", "H", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD"),
    *("THead", "TBody", "TFoot", "Span", "Quote", "Note", "Reference", "BibEntry", "Code", "Link", "Annot"),
    *("Figure", "Formula", "Form"),
}
PAINTING = {"Tj", "TJ", "'", '"', "Do", "sh", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*"}
ALLOWED_PARENTS = {"TR": {"Table", "THead", "TBody", "TFoot"}, "TH": {"TR"}, "TD": {"TR"}, "LI": {"L"}}
ALLOWED_KIDS = {"LI": {"Lbl", "LBody"}, "TR": {"TH", "TD"}}


@dataclass
class Tags:
    """What a walk through the structure tree finds."""

    faults: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    marked: dict[tuple[int, int], set[int]] = field(default_factory=dict)


def pdf_faults(content: bytes) -> list[str]:
    """Every fault found; an empty list is a pass."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        tags = _read_tags(pdf)
        return [
            *_metadata_faults(pdf),
            *tags.faults,
            *_heading_faults(tags.headings),
            *_content_faults(pdf, tags.marked),
            *_object_faults(pdf),
        ]


def _metadata_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    root = pdf.Root
    xmp = bytes(root.Metadata.read_bytes()).decode("utf-8") if "/Metadata" in root else ""
    checks = [
        (re.search(r'pdfuaid:part(="|>)1', xmp), "06-002 no PDF/UA identifier"),
        (xmp.count("<rdf:RDF") == 1, "06-001 the metadata must have one rdf:RDF"),
        (re.search(r"<dc:title>.*?<rdf:li[^>]*>\s*\S", xmp, re.DOTALL), "06-003 no dc:title"),
        (re.search(r'pdfaid:part(="|>)3', xmp), "A 6.6.4 no PDF/A-3 part"),
        (re.search(r'pdfaid:conformance(="|>)A', xmp), "A 6.6.4 no conformance level A"),
        (str(root.get("/ViewerPreferences", {}).get("/DisplayDocTitle")) == "True", "07-001 title is not displayed"),
        (str(root.get("/Lang", "")).strip(), "11-006 no document language"),
        (str(root.get("/MarkInfo", {}).get("/Marked")) == "True", "06-000 not marked as tagged"),
        (not pdf.is_encrypted, "A 6.1.3 encrypted"),
        ("/ID" in pdf.trailer, "A 6.1.3 no file identifier"),
        (any(str(item.S) == "/GTS_PDFA1" for item in root.get("/OutputIntents", [])), "A 6.2.3 no output intent"),
        ("/Outlines" in root, "no bookmarks"),
    ]
    yield from (message for passed, message in checks if not passed)


def _read_tags(pdf: pikepdf.Pdf) -> Tags:
    tags = Tags()
    for kid in _kids(pdf.Root.StructTreeRoot):
        _walk(kid, "Root", None, tags)
    return tags


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K")
    return [] if kids is None else list(kids) if isinstance(kids, Array) else [kids]


def _walk(element: Any, parent: str, page: Any, tags: Tags) -> None:
    name = str(element.S)[1:]
    page = element.get("/Pg", page)
    if name not in STANDARD_TAGS:
        tags.faults.append(f"02-001 unmapped tag {name}")
    if parent not in ALLOWED_PARENTS.get(name, {parent}):
        tags.faults.append(f"09-004 {name} in {parent}")
    if match := re.fullmatch(r"H([1-6])", name):
        tags.headings.append(int(match[1]))
    if name == "Figure":
        tags.faults.extend(_figure_faults(element, page))
    if name == "TH" and str(element.get("/A", {}).get("/Scope", "")) not in ("/Column", "/Row"):
        tags.faults.append("15-003 header cell without scope")
    kids = _kids(element)
    elements = [kid for kid in kids if isinstance(kid, Dictionary) and "/S" in kid]
    if name == "Table" and "TH" not in _descendants(element):
        tags.faults.append("15-001 table without header cells")
    tags.faults.extend(
        f"7.2 {name} holds {str(kid.S)[1:]}"
        for kid in elements
        if str(kid.S)[1:] not in ALLOWED_KIDS.get(name, {str(kid.S)[1:]})
    )
    for kid in kids:
        if isinstance(kid, int):
            tags.marked.setdefault(page.objgen, set()).add(kid)
        elif isinstance(kid, Dictionary) and str(kid.get("/Type", "")) == "/MCR":
            tags.marked.setdefault(kid.get("/Pg", page).objgen, set()).add(int(kid.MCID))
    for kid in elements:
        _walk(kid, name, page, tags)


def _descendants(element: Any) -> set[str]:
    names: set[str] = set()
    for kid in _kids(element):
        if isinstance(kid, Dictionary) and "/S" in kid:
            names |= {str(kid.S)[1:]} | _descendants(kid)
    return names


def _figure_faults(figure: Any, page: Any) -> Iterator[str]:
    if len(str(figure.get("/Alt", "")).strip()) < 3:
        yield "13-004 figure without alternative text"
    left, bottom, right, top = (float(number) for number in figure.A.BBox)
    width, height = float(page.MediaBox[2]), float(page.MediaBox[3])
    if not (-1 <= left < right <= width + 1 and -1 <= bottom < top <= height + 1):
        yield f"13 figure box outside the page: {left, bottom, right, top}"


def _heading_faults(headings: list[int]) -> Iterator[str]:
    if headings[:1] != [1] or headings.count(1) != 1:
        yield f"14-002 there must be one first-level heading, and it comes first; got {headings}"
    for earlier, later in pairwise(headings):
        if later > earlier + 1:
            yield f"14-003 heading jumps from {earlier} to {later}"


def _content_faults(pdf: pikepdf.Pdf, marked: dict[tuple[int, int], set[int]]) -> Iterator[str]:
    """Everything painted is either tagged content that hangs off the tree, or an artifact."""
    for number, page in enumerate(pdf.pages, 1):
        linked = marked.get(page.obj.objgen, set())
        stack: list[str] = []
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BDC", "BMC"):
                properties = operands[1] if len(operands) > 1 else None
                content = properties.get("/MCID") if isinstance(properties, Dictionary) else None
                if content is not None and int(content) not in linked:
                    yield f"01-005 page {number}: marked content {int(content)} hangs off nothing"
                kind = "artifact" if str(operands[0]) == "/Artifact" else "tagged" if content is not None else "other"
                if kind == "artifact" and "tagged" in stack:
                    yield f"01-001 page {number}: artifact inside tagged content"
                stack.append(kind)
            elif name == "EMC":
                stack.pop()
            elif name in PAINTING and not {"artifact", "tagged"} & set(stack):
                yield f"01-005 page {number}: {name} paints outside tags and artifacts"


def _object_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    for item in pdf.objects:
        if not isinstance(item, Dictionary | pikepdf.Stream):
            continue
        if isinstance(item, pikepdf.Stream):
            if str(item.get("/Subtype", "")) == "/Image" and str(item.get("/Interpolate", "False")) == "True":
                yield "A 6.2.8 an image is interpolated"
            continue
        kind = str(item.get("/Type", ""))
        if kind == "/Font" and str(item.Subtype) in ("/Type0", "/TrueType", "/Type1"):
            yield from _font_faults(item)
        if kind == "/Filespec" and not {"/F", "/UF", "/AFRelationship"} <= set(item.keys()):
            yield "A 6.8 attachment without names or relationship"
    yield from _link_faults(pdf)


def _link_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Each link is described, printed, leads to a place there is, and hangs in the tree below a Link of its own."""
    entries = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = {int(entries[at]): entries[at + 1] for at in range(0, len(entries), 2)}
    names = pdf.Root.Names.get("/Dests", {}).get("/Names", [])
    places = {str(names[at]) for at in range(0, len(names), 2)}
    for number, page in enumerate(pdf.pages, 1):
        for link in page.get("/Annots", []):
            if str(page.get("/Tabs", "")) != "/S":
                yield f"28-009 page {number}: tab order is not that of the tree"
            if not str(link.get("/Contents", "")):
                yield f"28-011 page {number}: a link without a description"
            if not int(link.get("/F", 0)) & 4:
                yield f"A 6.3.2 page {number}: a link that is not printed"
            if str(link.get("/Dest", "")) not in places:
                yield f"page {number}: a link to nowhere"
            parent = parents.get(int(link.get("/StructParent", -1)))
            if parent is None or str(parent.S) != "/Link":
                yield f"28-011 page {number}: a link outside the tree"


def _font_faults(font: Any) -> Iterator[str]:
    if "/ToUnicode" not in font:
        yield f"10-001 font {font.BaseFont} cannot be read as text"
    inner = font.DescendantFonts[0] if "/DescendantFonts" in font else font
    descriptor = inner.get("/FontDescriptor", {})
    if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()):
        yield f"31-009 font {font.BaseFont} is not embedded"
