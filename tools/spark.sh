#!/usr/bin/env bash
# Installs what `kpi build --engine spark` needs into the virtual environment: PySpark, and Java from Debian.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/debian.sh
python="${1:?usage: tools/spark.sh PYTHON}"

command -v java >/dev/null || install_debian "java" openjdk-17-jre-headless || exit 1
"$python" -c 'import pyspark' 2>/dev/null && exit 0
mapfile -t wanted < <("$python" -c 'import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")')
"$python" -m pip install --quiet "${wanted[@]}"
