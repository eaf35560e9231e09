"""`kpi verify`: holds a report's PDF against the archive, its case lists and its landing files; names what is not so.

What is looked at: the bytes; every word of every page; the look of pages whose words agree; each attached file; every
figure, computed again from the archived cases, and the root over its case list; the archive against its manifest and
the register; the landing files. A definition that this program knows otherwise is a note, no fault.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.core.vocabulary import FORM_ENDINGS
from kpi_pipeline.delivery.archive import MANIFEST, folder_faults
from kpi_pipeline.delivery.files import name_of_pdf, sha256_of
from kpi_pipeline.delivery.issues import Issue, archive_of, list_issues
from kpi_pipeline.delivery.signing import SIGNATURE, is_signed_by
from kpi_pipeline.judgement.restated.split import value_of
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.pipeline.history.case_sums import sums_of_cases
from kpi_pipeline.pipeline.history.evidence import ABOUT, CASES
from kpi_pipeline.pipeline.history.roots import roots_of_file
from kpi_pipeline.report.words.phrases import WITHHELD
from kpi_pipeline.state.database import Database

_MOST_NAMED = 20
_MOST_LETTERS = 400
_CLOSE = 1e-6
"""A value computed again agrees when it differs by less than this share: figures.csv rounds at nine digits."""


@dataclass(frozen=True, slots=True)
class Verified:
    """faults: what does not agree, each a sentence that names it. notes: what is worth knowing and no fault. looked_at:
    what was compared and agrees, a line each."""

    issue: Issue
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    looked_at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Archived:
    """An archived issue. pdf: which of its files the given one is held against: the report, or its board brief."""

    issue: Issue
    folder: Path
    manifest_sha256: str
    manifest: Mapping[str, Any]
    pdf: Path

    @property
    def is_brief(self) -> bool:
        return self.pdf.name.endswith(FORM_ENDINGS["brief"])


def verify_report(
    pdf: Path,
    *,
    archive: Path,
    database: Database,
    landing: Path | None = None,
    public_key: Path | None = None,
    progress: Callable[[str], None] = print,
) -> Verified:
    """Compares a PDF with the issue it says it is. landing: where the landing files lie; public_key: of
    those who sign. None leaves either aside.

    Raises InputError for a file that is no PDF, and for one that belongs to no issue of this archive.
    """
    content = pdf.read_bytes() if pdf.is_file() else b""
    try:
        given = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise InputError(Fault(str(pdf), "is no readable PDF.", "Name the PDF of an issued report.")) from error
    attached, twice = _attachments(given)
    found = _find(content, given, attached, list(_archived(archive, database)))
    if found is None:
        what = "belongs to no issue in this archive."
        raise InputError(Fault(str(pdf), what, "Check --warehouse: it may be of another archive. A draft is no issue."))
    left_aside = [
        what for what, given in (("the landing files", landing), ("the signature", public_key)) if given is None
    ]
    faults: list[str] = []
    looked_at: list[str] = []
    for what, look in (
        ("the archive", lambda: _archive_faults(found)),
        ("the PDF", lambda: _pdf_faults(content, given, found)),
        ("the attached files", lambda: [*_attachment_faults(attached, found), *twice]),
        ("every figure, from its cases", lambda: _figure_faults(_with_figures(attached, found), found)),
        ("the landing files", lambda: _landing_faults(landing, found)),
        ("the signature", lambda: _signature_faults(public_key, found)),
    ):
        if what in left_aside:
            continue
        progress(what)
        named = [_shortened(one) for one in look()]
        faults += named
        looked_at += [] if named else [f"{what}: agrees"]
    return Verified(found.issue, tuple(faults), tuple(_notes(found)), tuple(looked_at))


def _shortened(said: str) -> str:
    """A forged file may hold a word of any length."""
    return said if len(said) <= _MOST_LETTERS else f"{said[:_MOST_LETTERS]}…"


def _attachments(document: Any) -> tuple[dict[str, bytes], list[str]]:
    """The attached files by name, and a fault for each name that is there twice: a reader may open either."""
    attached: dict[str, bytes] = {}
    twice = []
    for one in (document.get_attachment(at) for at in range(document.count_attachments())):
        if one.get_name() in attached:
            twice.append(f"attachment {one.get_name()}: is there twice")
        attached[one.get_name()] = bytes(one.get_data())
    return attached, twice


def _archived(archive: Path, database: Database) -> Iterator[_Archived]:
    for issue in list_issues(database):
        entry = archive_of(database, issue.id)
        if entry is None or not (archive / entry[0] / MANIFEST).is_file():
            continue
        folder = archive / entry[0]
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if "files" in manifest and (pdf := name_of_pdf(manifest["files"])):
            yield _Archived(issue, folder, entry[1], manifest, folder / pdf)


def _find(content: bytes, given: Any, attached: Mapping[str, bytes], archived: list[_Archived]) -> _Archived | None:
    """The issue a PDF is, or claims to be: by its bytes, its attached files, or the words of its first page."""
    sha256 = sha256_of(content)
    for one in archived:
        for name, known in one.manifest["files"].items():
            if known == sha256 and (one.folder / name).is_file():
                return replace(one, pdf=one.folder / name)
    hashes = {sha256_of(one) for one in attached.values()}
    first = words_of_page(given, 0) if len(given) else []

    def likeness(one: _Archived) -> tuple[int, bool]:
        files = one.manifest["files"]
        named = f"Issue {one.issue.number}" in " ".join(first) and Month.parse(one.issue.month).name in " ".join(first)
        return sum(1 for name, value in files.items() if value in hashes and not name.startswith("inputs/")), named

    best = max(map(likeness, archived), default=(0, False))
    if not any(best):
        return None
    alike = [
        replace(one, pdf=pdf)
        for one in archived
        if likeness(one) == best
        for pdf in {one.pdf, *one.folder.glob("*.pdf")}
    ]
    return max(sorted(alike, key=lambda one: one.pdf), key=lambda one: _n_common(first, one.pdf), default=None)


def _n_common(words: list[str], pdf: Path) -> int:
    """How many words of a first page stand on that of an archived PDF: several audiences have issues of a month."""
    try:
        document = pypdfium2.PdfDocument(pdf.read_bytes())
    except (OSError, pypdfium2.PdfiumError):  # missing or damaged: named by the archive's own check
        return 0
    return (Counter(words) & Counter(words_of_page(document, 0))).total()


def _archive_faults(found: _Archived) -> Iterator[str]:
    if sha256_of(found.folder / MANIFEST) != found.manifest_sha256:
        yield f"archive: the manifest of issue {found.issue.number} is not the one the register remembers"
    for fault in folder_faults(found.folder):
        yield f"archive: {fault}"


def _pdf_faults(content: bytes, given: Any, found: _Archived) -> Iterator[str]:
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
        elif not _look_alike(given, document, page):
            named.append(f"PDF, page {page + 1}: its words agree, but it does not look as it was issued")
    yield from named[:_MOST_NAMED]
    if len(named) > _MOST_NAMED:
        yield f"PDF: and {len(named) - _MOST_NAMED:,} more places"
    if not named:
        yield "PDF: its bytes are not those that were issued; every page reads and looks the same"


def words_of_page(document: Any, page: int) -> list[str]:
    """The words of a page in reading order."""
    text = document[page].get_textpage()
    return str(text.get_text_bounded()).split()


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


def _look_alike(given: Any, document: Any, page: int) -> bool:
    if given[page].get_size() != document[page].get_size():  # before a page of any size is drawn
        return False
    pictures = [one[page].render(scale=1, grayscale=True).to_numpy() for one in (given, document)]
    return pictures[0].shape == pictures[1].shape and bool((pictures[0] == pictures[1]).all())


def _attachment_faults(attached: Mapping[str, bytes], found: _Archived) -> Iterator[str]:
    issued = _issued_attachments(found)
    for name in sorted(issued.keys() - attached.keys()):
        yield f"attachment {name}: is missing"
    for name in sorted(attached.keys() - issued.keys()):
        yield f"attachment {name}: was not issued"
    for name in sorted(attached.keys() & issued.keys()):
        if attached[name] != issued[name]:
            yield f"attachment {name}: is not the one that was issued{_first_line(attached[name], issued[name])}"
            named = list(changed_rows(attached[name], issued[name])) if name.endswith(".csv") else []
            yield from named[:_MOST_NAMED]
            if len(named) > _MOST_NAMED:
                yield f"attachment {name}: and {len(named) - _MOST_NAMED:,} more places"


def _issued_attachments(found: _Archived) -> dict[str, bytes]:
    """The files beside the PDF that are attached to it: those that share its name; a brief has none."""
    if found.is_brief:
        return {}
    stem = found.pdf.name.removesuffix(".pdf")
    files = [one for one in found.folder.glob(f"{stem}.*") if one.suffix in (".csv", ".json")]
    return {
        one.name.removeprefix(f"{stem}."): one.read_bytes() for one in files if not one.name.endswith(".model.json")
    }


def _with_figures(attached: Mapping[str, bytes], found: _Archived) -> Mapping[str, bytes]:
    """The attached files; for a brief, which has none, those of its report."""
    if not found.is_brief:
        return attached
    stem = found.pdf.name.removesuffix(FORM_ENDINGS["brief"])
    return {one.name.removeprefix(f"{stem}."): one.read_bytes() for one in found.folder.glob(f"{stem}.*")}


def changed_rows(given: bytes, issued: bytes) -> Iterator[str]:
    """What two tables with a figure_id say otherwise: each figure and column, and what was issued."""
    told, true = _by_figure(given), _by_figure(issued)
    for key, row in true.items():
        if key not in told:
            yield f"figure {key[0]}: is missing from the attachment"
            continue
        for name, text in row.items():
            now = told[key].get(name)
            if now != text:
                what = f"{name} {now or 'nothing'} stands in the attachment, {text or 'nothing'} was issued"
                yield f"figure {key[0]}: {what}"
    for key in told.keys() - true.keys():
        yield f"figure {key[0]}: was not issued"


def _by_figure(content: bytes) -> dict[tuple[str, int], dict[str, str | None]]:
    """The rows by figure and how many of that figure stand before: a restated figure has one for each cause."""
    found: dict[tuple[str, int], dict[str, str | None]] = {}
    seen: Counter[str] = Counter()
    for row in _rows_of(content):
        figure = unguarded(row.get("figure_id") or "")
        if figure:
            found[figure, seen[figure]] = {name: text for name, text in row.items() if isinstance(name, str)}
            seen[figure] += 1
    return found


def _first_line(given: bytes, issued: bytes) -> str:
    lines = zip(given.splitlines(), issued.splitlines(), strict=False)
    at = next((number for number, (one, other) in enumerate(lines, 1) if one != other), None)
    return "" if at is None else f" (first at line {at})"


def _figure_faults(attached: Mapping[str, bytes], found: _Archived) -> Iterator[str]:
    """Each figure of the attached table against the archived cases, and the root over its case list."""
    if not (found.folder / ABOUT).is_file():
        yield "archive: this issue kept no evidence of its figures; they cannot be computed again"
        return
    about = json.loads((found.folder / ABOUT).read_bytes())
    metrics = load_metrics()
    rows = _figures(attached.get("figures.csv", b""))
    sums = sums_of_cases(found.folder / CASES, metrics, rows.keys())
    for key, row in rows.items():
        metric = metrics.get(key[0])
        is_same = metric is not None and about["metrics"].get(key[0]) == [metric.version, metric.fingerprint]
        if wrong := _wrong_number(
            row, sums.get(key), metric, is_rounded=found.issue.profile != "internal", is_same=is_same
        ):
            yield f"figure {'/'.join(key)}: {wrong}"
    told = _told_roots(attached.get("provenance.json", b""))
    roots = roots_of_file(found.folder / CASES, about["salt"], [_key(one) for one in told])
    for figure, root in told.items():
        if roots.get(figure) != root:
            yield f"figure {figure}: the archived case list is not the one it was made from"


def _figures(content: bytes) -> dict[tuple[str, str, str], dict[str, str]]:
    return {
        (row["metric"], unguarded(row["facility_id"]), row["month"]): row
        for row in _rows_of(content)
        if row.get("month") and row.get("metric") and row.get("facility_id")
    }


def _rows_of(content: bytes) -> Iterator[dict[str, str]]:
    """The rows of a table that anybody may have written, as far as they can be read as such."""
    try:
        yield from csv.DictReader(io.StringIO(content.decode("utf-8", errors="replace"), newline=""))
    except csv.Error:  # no table from here on: it is not the one that was issued, which is named
        return


def _wrong_number(
    row: Mapping[str, str], sums: Any, metric: Metric | None, *, is_rounded: bool, is_same: bool = True
) -> str:
    """What of a row does not follow from its cases; '' where all does, and for what is withheld or not computed now.

    is_rounded: the copy withholds small numbers, and so may hold a value no finer than it is printed. is_same: the
    measure is defined as it was. Where not, its sums are held against the cases, and its value, of which this program
    does not know how it was made of them, is not; a note says that it is defined otherwise.
    """
    if metric is None:
        return ""
    computed = {
        "numerator": 0.0 if sums is None else sums.numerator,
        "denominator": 0.0 if sums is None else sums.denominator,
        "value": None if sums is None else value_of(sums, metric),
    }
    for name, number in computed.items():
        if name == "value" and not is_same:
            continue
        if row.get(name) is None:
            return f"{name} is missing"
        try:
            told = float(row[name])
        except ValueError:
            if row[name] in ("", WITHHELD):
                continue
            return f"{name} {row[name]} is no number"
        agrees = number is not None and abs(told - number) <= _CLOSE * max(1.0, abs(number))
        if is_rounded and name == "value" and number is not None:
            agrees = agrees or told == round_half_up(number, metric.decimals)
        if not agrees:
            return f"{name} {row[name]} does not follow from its cases, which give {number}"
    return ""


def _told_roots(content: bytes) -> dict[str, str]:
    try:
        roots = json.loads(content).get("case_list_roots", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return {str(name): str(root) for name, root in roots.items()} if isinstance(roots, dict) else {}


def _key(figure: str) -> tuple[str, str, str]:
    metric, _, rest = figure.partition("/")
    place, _, month = rest.rpartition("/")
    return metric, place, month


def _signature_faults(public_key: Path | None, found: _Archived) -> Iterator[str]:
    if public_key is None:
        return
    file = found.folder / SIGNATURE
    if not file.is_file():
        yield "signature: the issue is not signed"
    elif not is_signed_by((found.folder / MANIFEST).read_bytes(), file.read_bytes(), public_key):
        yield "signature: is not of this manifest and this key"


def _landing_faults(landing: Path | None, found: _Archived) -> Iterator[str]:
    if landing is None:
        return
    if not landing.is_dir():
        raise InputError(Fault(str(landing), "there is no such landing folder.", "Check --landing."))
    present = {sha256_of(file) for file in sorted(landing.rglob("*")) if file.is_file()}
    for one in found.manifest["landing_files"]:
        if one["sha256"] not in present:
            yield f"landing file {one['file']} ({one['table']}): is gone or was changed since"


def _notes(found: _Archived) -> Iterator[str]:
    """What this program knows otherwise than the one that made the issue."""
    if not (found.folder / ABOUT).is_file():
        return
    about = json.loads((found.folder / ABOUT).read_bytes())
    metrics = load_metrics()
    for name, (version, fingerprint) in sorted(about["metrics"].items()):
        now = metrics.get(name)
        if now is None:
            yield f"measure {name}: is not defined any more"
        elif [now.version, now.fingerprint] != [version, fingerprint]:
            yield (
                f"measure {name}: is defined otherwise now (version {version} then, {now.version} now); its sums were "
                "held against its cases, its values were not"
            )
