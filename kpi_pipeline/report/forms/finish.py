"""Repairs WeasyPrint's PDF before it is written, so that one file is PDF/A-3a and PDF/UA-1 at once.

WeasyPrint declares one standard at a time and leaves gaps in the tag tree: table headers without scope, figure
boxes in the wrong unit, running heads tagged but hanging off nothing. Runs on pydyf objects, as `finisher`.
Sources: ISO 19005-3 (PDF/A-3), ISO 14289-1 (PDF/UA-1), Matterhorn Protocol 1.1.
"""

from __future__ import annotations

from typing import Any

import pydyf  # type: ignore[import-untyped]

_POINTS_PER_PIXEL = 0.75
_PRINTED = 4
"""The flag of an annotation that is printed with its page (ISO 32000-1, table 165)."""

# PDF/UA identifier, and its PDF/A extension schema: PDF/A readers refuse a property nobody has declared.
_UA_METADATA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">\
<pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289 followed</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description></rdf:RDF>"""


def finish_pdf(document: Any, pdf: pydyf.PDF) -> None:
    """All repairs; `document` is unused but part of the finisher's signature."""
    del document
    _declare_pdf_ua(pdf)
    pages = {_number(reference): pdf.objects[_number(reference)] for reference in pdf.page_references}
    for element in _structure_elements(pdf):
        if element["S"] == "/TH":
            _set_scope(pdf, element)
        elif element["S"] == "/Figure" and "A" in element:
            _set_figure_box(element, page_height=pages[_number(element["Pg"])]["MediaBox"][3])
    _print_links(pdf)
    _turn_unlinked_content_into_artifacts(pdf, pages)
    _work_out_once(pdf)


class _Finished(pydyf.Object):
    """An object's bytes: pydyf asks for them twice, for the file and for its identifier."""

    data = b""
    compressible = False

    def __init__(self, made: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = made.number, made.generation, made.free
        self.data, self.compressible = made.data, made.compressible


def _work_out_once(pdf: pydyf.PDF) -> None:
    """Every object that is written as its bytes, compressed where it will be."""
    for number, made in enumerate(pdf.objects):
        if made.free == "n":
            pdf.objects[number] = _Finished(made)


def _number(reference: bytes | str) -> int:
    """The object number of an indirect reference `12 0 R`."""
    return int(reference.split()[0])


def _structure_elements(pdf: pydyf.PDF) -> list[pydyf.Dictionary]:
    return [item for item in pdf.objects if isinstance(item, dict) and item.get("Type") == "/StructElem"]


def _declare_pdf_ua(pdf: pydyf.PDF) -> None:
    """Into the one rdf:RDF there is: readers ignore a second one."""
    metadata = pdf.objects[_number(pdf.catalog["Metadata"])]
    metadata.stream = [part.replace(b"</rdf:RDF>", _UA_METADATA) for part in metadata.stream]


def _set_scope(pdf: pydyf.PDF, header: pydyf.Dictionary) -> None:
    """A header in the table head is for its column, one in the body for its row."""
    row = pdf.objects[_number(header["P"])]
    part = pdf.objects[_number(row["P"])]
    header["A"]["Scope"] = "/Column" if part["S"] == "/THead" else "/Row"


def _set_figure_box(figure: pydyf.Dictionary, *, page_height: float) -> None:
    """From CSS pixels below the top edge to points above the bottom edge."""
    left, top, right, bottom = figure["A"]["BBox"]
    figure["A"]["BBox"][:] = [
        round(number, 2)
        for number in (
            left * _POINTS_PER_PIXEL,
            page_height - bottom * _POINTS_PER_PIXEL,
            right * _POINTS_PER_PIXEL,
            page_height - top * _POINTS_PER_PIXEL,
        )
    ]


def _print_links(pdf: pydyf.PDF) -> None:
    """A link belongs to the page, also on paper (ISO 19005-3, 6.3.2)."""
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("Type") == "/Annot":
            item["F"] = _PRINTED


def _turn_unlinked_content_into_artifacts(pdf: pydyf.PDF, pages: dict[int, Any]) -> None:
    """Marked content whose structure element hangs off nothing (running heads, page numbers) is pagination."""
    root = pdf.objects[_number(pdf.catalog["StructTreeRoot"])]
    linked = _linked_elements(pdf, _number(root["K"][0]))
    entries = pdf.objects[_number(root["ParentTree"])]["Nums"]
    for position in range(0, len(entries), 2):
        if entries[position] >= len(pdf.page_references):
            continue  # an annotation's entry, not a page's
        references = entries[position + 1]
        page = pages[_number(pdf.page_references[entries[position]])]
        unlinked = {content for content, reference in enumerate(references) if _number(reference) not in linked}
        references[:] = [b"null" if content in unlinked else reference for content, reference in enumerate(references)]
        _mark_as_artifacts(pdf.objects[_number(page["Contents"])].stream, unlinked)


def _linked_elements(pdf: pydyf.PDF, start: int) -> set[int]:
    """Object numbers of every structure element reached from the document element."""
    reached, waiting = {start}, [start]
    while waiting:
        for kid in pdf.objects[waiting.pop()].get("K", []):
            if isinstance(kid, bytes | str) and pdf.objects[_number(kid)].get("Type") == "/StructElem":
                reached.add(_number(kid))
                waiting.append(_number(kid))
    return reached


def _mark_as_artifacts(operators: list[Any], unlinked: set[int]) -> None:
    """In the page's stream a marked-content start is three items: `/Span`, `{MCID: n}`, `BDC`."""
    for place, operator in enumerate(operators):
        properties = operators[place - 1] if operator == b"BDC" else None
        if isinstance(properties, dict) and properties.get("MCID") in unlinked:
            operators[place - 2 : place] = [b"/Artifact", pydyf.Dictionary({"Type": "/Pagination"})]
