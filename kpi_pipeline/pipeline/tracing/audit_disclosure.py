"""The attacker on reports already published: what can be worked out of them together. `kpi audit-disclosure`.

Several reports at once are attacked together: months, facilities, audiences, and issues one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.judgement.disclosure.attack import Finding
from kpi_pipeline.judgement.disclosure.changes import attack_changes
from kpi_pipeline.judgement.disclosure.over_issues import attack_issues
from kpi_pipeline.judgement.disclosure.publication import Publication, populations_printed
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.history.published import SUFFIXES, Published, read_published
from kpi_pipeline.pipeline.history.published_words import Said, small_counts_said


@dataclass(frozen=True, slots=True)
class Audit:
    """What was read and what could be worked out from it. n_issues: of how many snapshots of data. said: report and
    what any of its forms says in words."""

    n_reports: int
    n_issues: int
    n_numbers: int
    n_withheld: int
    findings: tuple[Finding, ...]
    said: tuple[tuple[str, Said], ...] = ()


def audit_reports(paths: Sequence[Path], *, threshold: int) -> Audit:
    """Attacks the reports together. paths: a PDF, figures.csv or model of each report; their folder holds the others.

    Raises InputError for a report whose figures.csv or model is not there or is none.
    """
    metrics = load_metrics()
    stems = list(dict.fromkeys(_stem(path) for path in paths))
    reports = [read_published(stem, metrics) for stem in sorted(stems, key=str)]
    issues: dict[str, list[Published]] = defaultdict(list)
    for one in sorted(reports, key=lambda one: (one.month, one.number or 0)):
        issues[one.snapshot].append(one)
    publications, changed = [], []
    for copies in issues.values():
        whole = Publication()
        for one in copies:
            whole = whole.merged(one.publication)
        publications.append(whole)
        changed.append({place: n for one in copies for place, n in one.n_changed.items()})
    findings = attack_issues(publications, metrics, threshold=threshold, n_changed=changed)
    for one in reports:
        findings += attack_changes(one.changes, populations_printed(one.publication), threshold)
    n_numbers = sum(len(one.numbers) for one in publications)
    n_withheld = sum(len(one.withheld) for one in publications)
    said = [(stem.name, one) for stem in stems for one in small_counts_said(stem, metrics, threshold=threshold)]
    return Audit(len(stems), len(issues), n_numbers, n_withheld, tuple(findings), tuple(said))


def _stem(path: Path) -> Path:
    for suffix in SUFFIXES:
        if path.name.endswith(suffix):
            return path.with_name(path.name.removesuffix(suffix))
    raise InputError(Fault(str(path), "is no report.", f"Give a file ending in {', '.join(SUFFIXES)}."))
