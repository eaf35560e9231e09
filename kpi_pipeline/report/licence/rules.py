"""The six ways in which a sentence about a measure can say more than the data, each read from its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.text.language import one_or_many
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.tables.size import ChangeSize
from kpi_pipeline.report.licence.book import Book, numbers_of

MONTHS = "January February March April May June July August September October November December".split()
SMALL = "no one two three four five six seven eight nine ten eleven twelve".split()
_MONTH = rf"(?:{'|'.join(MONTHS)}) \d{{4}}"
_NUMBER = r"−?\$?\d[\d,]*(?:\.\d+)?"
_UNIT = r"%| million| days?| hours?| cases?| per 100 discharges"
_COUNT = rf"(?:{'|'.join(SMALL)}|\d+)"

_RUN = (
    rf"([\w,]+) months? in a row|\b({_COUNT}) months? (?:near|above|below)|month for ({_COUNT}) months"
    rf"|in ({_COUNT}) of the last"
)


@dataclass(frozen=True, slots=True)
class Excess:
    """One way in which a sentence says too much, and what it says."""

    way: str
    what: str


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words that claim something of a measure, and what must be so for it."""

    words: re.Pattern[str]
    says: str
    licensed: Callable[[Measure], bool]


def _single(measure: Measure) -> bool:
    return len(measure.signal_months) == 1


def _side(measure: Measure, side: str) -> bool:
    return measure.has_signal and measure.is_high == (side == "high")


def _phrase(words: str, says: str, licensed: Callable[[Measure], bool]) -> _Phrase:
    return _Phrase(re.compile(words), says, licensed)


_PHRASES = (
    _phrase(r"\b(?:is|are) up\b", "that it is up", lambda one: _side(one, "high") and not _single(one)),
    _phrase(r"\b(?:is|are) down\b", "that it is down", lambda one: _side(one, "low") and not _single(one)),
    _phrase(r"\b(?:was|were) unusually high\b", "that it was unusually high", lambda one: _side(one, "high")),
    _phrase(r"\b(?:was|were) unusually low\b", "that it was unusually low", lambda one: _side(one, "low")),
    _phrase(r"\babove the (?:mean|median|upper limit)\b", "a signal on the high side", lambda one: _side(one, "high")),
    _phrase(r"\bbelow the (?:mean|median|lower limit)\b", "a signal on the low side", lambda one: _side(one, "low")),
    _phrase(r"\bbeyond the upper limit\b", "a signal on the high side", lambda one: _side(one, "high")),
    _phrase(r"\bbeyond the lower limit\b", "a signal on the low side", lambda one: _side(one, "low")),
    _phrase(r"\bhigher every month\b", "a rise", lambda one: _side(one, "high")),
    _phrase(r"\blower every month\b", "a fall", lambda one: _side(one, "low")),
    _phrase(r"\b(?:is|are) improving\b|\bimproved\b", "an improvement", lambda one: one.state == "improvement"),
    _phrase(r"\b(?<!un)wanted direction\b", "an improvement", lambda one: one.state == "improvement"),
    _phrase(r"\bunwanted direction\b", "a concern", lambda one: one.state == "concern"),
    _phrase(r"\bneeds? attention\b", "a concern", lambda one: one.state == "concern"),
    _phrase(r"\bkeeps? missing (?:its|their) target", "a target out of reach", lambda one: one.keeps_failing),
    _phrase(r"\bno evidence of change\b", "that nothing changed", lambda one: one.state == "common_cause"),
    _phrase(r"\bmeets the target\b", "a target that is met", lambda one: one.against_target == "met"),
    _phrase(r"\bmisses the target\b", "a target that is missed", lambda one: one.against_target == "missed"),
    _phrase(
        r"\bwholly on the right side of the target\b",
        "a target within every month's reach",
        lambda one: one.result is not None and one.result.assurance == "passing",
    ),
    _phrase(
        r"\bwill go on being missed\b",
        "a target out of reach",
        lambda one: one.result is not None and one.result.assurance == "failing",
    ),
)
_AT = re.compile(r"^ at ([^.:;,]+)")


def check_sentence(sentence: str, about: Measure, book: Book) -> Iterator[Excess]:
    """What a marked sentence about one measure says that was not judged so."""
    size = book.size(about)
    yield from _numbers(sentence, about, [*numbers_of(about, size), *book.band_ends(about)])
    yield from _pairs(sentence, about, book)
    yield from _runs(sentence, about)
    yield from _onset(sentence, about)
    yield from _amounts(sentence, about, size)
    if not book.judged.scope.is_system and "all hospitals" in sentence.lower():
        yield Excess("place", "all hospitals")


def check_phrases(text: str, own: Measure | None, book: Book) -> Iterator[Excess]:
    """The claims of a marked text, each held against the measures that stand before it, or else the text's own."""
    found = sorted(
        ((match, phrase) for phrase in _PHRASES for match in phrase.words.finditer(text)),
        key=lambda one: one[0].start(),
    )
    current = [own] if own is not None else []
    for match, phrase in found:
        named = book.subjects(re.sub(r"\b(?:shows?|was|were|is|are)?\s*$", "", text[: match.start()]))
        current = named or current
        place = _AT.match(text[match.end() :])
        for measure in current:
            there = book.at(measure, place[1].strip()) if place else measure
            if there is None:
                yield Excess("place", f"{phrase.says} at {place[1] if place else ''}, which was not judged")
            elif not phrase.licensed(there):
                yield Excess("direction", f"{phrase.says}; its chart does not show it")


def sentences_of(text: str) -> list[str]:
    """The sentences of a text; a quotation is somebody's own words."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z0-9$−\ue000])", re.sub("“[^”]*”", "", text))


def _numbers(sentence: str, about: Measure, known: list[float]) -> Iterator[Excess]:
    """Numbers in the measure's own unit."""
    unit = about.metric.unit
    pattern = {
        "percent": r"(?<![\d.])(\d[\d,]*(?:\.\d+)?)%(?! interval| of | band)",
        "days": r"(?<![\d.$])(\d[\d,]*(?:\.\d+)?) days?\b(?! of follow)",
        "usd": r"(?<![\d.])\$(\d[\d,]*(?:\.\d+)?)(?![\d.,]* million)",
        "per 100 discharges": r"(?<![\d.])(\d[\d,]*(?:\.\d+)?) per 100 discharges",
    }.get(unit)
    if pattern is None:
        return
    sentence = re.sub(r": about .*$", "", sentence)  # what the months add up to is read by `_amounts`
    for match in re.finditer(pattern, sentence):
        if not any(prints(abs(number), match[1]) for number in known):
            yield Excess("size", f"{match[0]}, which no figure, line or target of it is")


def _pairs(sentence: str, about: Measure, book: Book) -> Iterator[Excess]:
    """A value with its month: that month's value, as final as is said, out of what is said."""
    for match in re.finditer(rf"(?<!limit of )(?<![\d.,$−])({_NUMBER})(?:{_UNIT})? (?:in|for) ({_MONTH})", sentence):
        month = _month(match[2])
        figure = about.figures.get(month)
        yield from _value_of_month(match[1], month, figure)
        if figure is None:
            continue
        said_open = re.search(r"so far|provisional|\bopen\b|not final", sentence)
        if not figure.is_final and (not said_open or "final figure" in sentence):
            yield Excess("maturity", f"{month.name} as if it were final")
        yield from _denominator(sentence, match.end(), figure, book)
    for text in re.findall(_MONTH, sentence):
        if _month(text) > about.report_month and not re.search(r"\b(?:until|before|by)\b", sentence):
            yield Excess("period", f"{text}, which is still to come")


def _value_of_month(text: str, month: Month, figure: Figure | None) -> Iterator[Excess]:
    number = text.lstrip("−$")
    if month is not None and (figure is None or figure.number is None):
        yield Excess("period", f"a value for {month.name}, which has none")
    elif figure is not None and figure.number is not None and not prints(abs(figure.number), number):
        yield Excess("period", f"{text} for {month.name}, which is another month's value or none")


def _denominator(sentence: str, end: int, figure: Figure, book: Book) -> Iterator[Excess]:
    """What the value rests on: named, and that of the month."""
    metric, rest = book.judged.system[figure.metric].metric, sentence[end:]
    if metric.kind == "count" or isinstance(figure.denominator, Withheld) or figure.denominator is None:
        return
    match = re.match(r" \(([\d,.]+) ([^)]*)\)", rest) or re.search(r"based on ([\d,.]*\d) (.*?)\.?$", rest)
    if match is None:
        if re.match(r"\.?$", rest) and re.match(r"(?:It|They) (?:was|were) ", sentence):
            yield Excess("denominator", "a value without what it rests on")
        return
    if not prints(figure.denominator, match[1]):
        yield Excess("denominator", f"{match[1]} {match[2]}, where there were another number")
    nouns = (metric.denominator_noun, one_or_many(1, metric.denominator_noun))
    if match[2] not in [book.marked(f"1 {noun}")[2:] for noun in nouns]:
        yield Excess("denominator", f"{match[2]}, where {metric.denominator_noun} are counted")


def _runs(sentence: str, about: Measure) -> Iterator[Excess]:
    """How many months a signal has been."""
    result = about.result
    signal = result.deciding_signal if result else None
    n_span = len(about.signal_months)
    allowed = {n_span, max(n_span, 3), signal.n_points if signal else 0}
    for text in re.findall(_RUN, sentence):
        said = next(filter(None, text))
        if _count(said) not in allowed:
            yield Excess("period", f"{said} months, where the signal has other")


def _onset(sentence: str, about: Measure) -> Iterator[Excess]:
    match = re.search(rf"most likely began in ({_MONTH})(?:, between ({_MONTH}) and ({_MONTH}))?", sentence)
    if match is None:
        return
    said = [_month(text) for text in match.groups() if text]
    known = list(about.onset_months)
    if not known or said != (known if len(said) == 3 else known[:1]):
        yield Excess("period", f"that it began in {match[1]}, which is not how it was dated")


def _amounts(sentence: str, about: Measure, size: ChangeSize | None) -> Iterator[Excess]:
    """What the change adds up to: `about 5,100 fewer bed-days`."""
    match = re.search(r"\babout \$?([\d,.]+)( million)? (fewer|more|less)\b", sentence)
    if match is None:
        return
    if size is None or size.amount is None:
        yield Excess("size", f"{match[0]}, which was not counted")
        return
    if not _roughly(abs(size.amount), match[1], match[2]) or (size.amount < 0) == (match[3] == "more"):
        yield Excess("size", f"{match[0]}, which the months do not add up to")
    for worth in re.finditer(r"\$([\d,.]*\d)( million)?(?= to | at the variable cost)", sentence):
        if not any(_roughly(usd, worth[1], worth[2]) for usd in size.usd or ()):
            yield Excess("size", f"{worth[0]}, which the days are not worth")


def _roughly(number: float, text: str, million: str | None) -> bool:
    """Whether a number prints like that with two digits."""
    within = max(0.5 * 10 ** (len(str(int(number))) - 2), 0.5)
    return abs(number - float(text.replace(",", "")) * (1e6 if million else 1)) <= within * 1.001


def prints(number: float, text: str) -> bool:
    """Whether a number prints like that, rounded as the text is: `3,752`, `8.7`."""
    decimals = len(text.partition(".")[2])
    return abs(number - float(text.replace(",", ""))) <= 0.5 * 10**-decimals + 1e-9


def _month(text: str) -> Month:
    name, year = text.split(" ")
    return Month(int(year), MONTHS.index(name) + 1)


def _count(text: str) -> int:
    """A small number in words or digits; -1 for what is none."""
    return SMALL.index(text) if text in SMALL else int(text) if text.isdecimal() else -1
