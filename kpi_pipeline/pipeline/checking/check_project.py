"""Whether the hospital's own measures do what their proofs say. Those shipped are proved by the program's tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kpi_pipeline.core.errors import CheckError, DefinitionError, Fault, KpiError
from kpi_pipeline.core.files import own_temporary_folder, private_files, working_folder
from kpi_pipeline.core.project import Project
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, Metric, load_metrics
from kpi_pipeline.metrics.proof import SpecFile, read_spec_file
from kpi_pipeline.pipeline.checking.prove import prove_metric


@dataclass(frozen=True, slots=True)
class CheckedProject:
    """What was found sound in a project: names of sources and measures, and how many cases prove the measures."""

    sources: tuple[str, ...]
    metrics: tuple[str, ...]
    n_proved: int


def check_project(project: Project, *, progress: Callable[[str], None] = lambda _: None) -> CheckedProject:
    """Runs the proof of every measure of a project.

    Raises DefinitionError when a measure has no proof, a proof no measure, or a declared exclusion no case; CheckError
    with every difference when a measure does otherwise than its proof says.
    """
    metrics = {name: one for name, one in load_metrics().items() if (project.metrics / f"{name}.sql").is_file()}
    proofs = _read_proofs(project, metrics)
    differences: list[Fault] = []
    for name, proof in proofs.items():
        progress(f"proof of {name}")
        with private_files(), working_folder(own_temporary_folder()) as scratch:
            try:
                differences += prove_metric(proof, scratch)
            except KpiError as error:
                differences += [Fault(shown_path(proof.path), str(fault)) for fault in error.faults]
    if differences:
        raise CheckError(differences)
    sources = (
        tuple(sorted(path.parent.name for path in project.sources.glob("*/source.yaml")))
        if project.sources.is_dir()
        else ()
    )
    return CheckedProject(sources, tuple(metrics), sum(len(proof.cases) for proof in proofs.values()))


def _read_proofs(project: Project, metrics: dict[str, Metric]) -> dict[str, SpecFile]:
    proofs: dict[str, SpecFile] = {}
    faults: list[Fault] = []
    for name, metric in metrics.items():
        path = project.metrics / f"{name}.spec.yaml"
        if not path.is_file():
            what = f"has no proof: {path.name} is not beside it."
            faults.append(Fault(metric.where, what, "Write one; kpi new-metric writes the skeleton of both."))
            continue
        try:
            proofs[name] = read_spec_file(path)
        except DefinitionError as error:
            faults += error.faults
        else:
            faults += _lacks(proofs[name], metric)
    for path in sorted(project.metrics.glob("*.spec.yaml")) if project.metrics.is_dir() else ():
        if path.name.removesuffix(".spec.yaml") not in metrics:
            faults.append(Fault(shown_path(path), "proves a measure that is not there.", "Remove or rename it."))
    if faults:
        raise DefinitionError(faults)
    return proofs


def _lacks(proof: SpecFile, metric: Metric) -> list[Fault]:
    """What a proof leaves unproved: a declared exclusion, a value, a case that counts."""
    where = shown_path(proof.path)
    declared = set(metric.exclusions) | ({INSUFFICIENT_FOLLOWUP} if metric.matures_after_days else set())
    rows = [row for case in proof.cases for row in case.cases]
    shown = {row["exclusion_reason"] for row in rows if row.get("exclusion_reason")}
    faults = [
        Fault(where, f"shows no case excluded as {reason!r}.", "Add one, so that the exclusion is proved.")
        for reason in sorted(declared - shown)
    ]
    if all(row.get("exclusion_reason") for row in rows):
        faults.append(Fault(where, "shows no case that counts.", "Add one."))
    if not any(case.values for case in proof.cases):
        faults.append(Fault(where, "shows no value.", "Add `values:` to one spec."))
    return faults
