# Every target sets up what it needs: run `make demo` or `make test` on a fresh machine.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# Byte code is written, whatever the machine's habit: without it every Dagster run compiles Dagster anew.
unexport PYTHONDONTWRITEBYTECODE
# Given from outside: make demo OUT=/somewhere, make ui PORT=3001
OUT ?= demo
# Where `make golden-sets` writes.
SETS ?= golden-sets
# How many months `make faults` issues on each database.
ROUNDS ?= 80
# Test processes side by side; 0 runs all tests in one.
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN)
export PORT ?= 3000

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK_VENV := .venv-lock
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-strip-extras --no-annotate

.PHONY: $(shell sed -nE 's/^([a-z-]+):.*[#]{2}.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## Shows this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(READY) ## Installs system libraries, a virtual environment and the pinned packages

# The stamp is older than its sources only after the lock, the project file or the recipe has changed.
$(READY): requirements-dev.lock pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV)
	@touch $@

demo: $(READY) ## Makes a synthetic hospital and its report, and prints where the report is
	@$(BIN)/kpi demo --out $(OUT)

ui: $(READY) ## Starts Dagster's web page at http://127.0.0.1:3000, on demo data or on $KPI_LANDING
	@tools/ui.sh $(BIN)

test: $(READY) ## Runs every test; ARGS="tests/signals -x" narrows it
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

proofs: $(READY) postgresql mail-server outside ## Runs the tests of a minute and more, which `make test` leaves out
	@CI=true $(BIN)/python -m pytest -m long -n $(WORKERS) --dist worksteal $(ARGS)

test-spark: $(READY) ## Installs PySpark and Java and holds Spark's figures against DuckDB's; N=200 random hospitals
	@tools/spark.sh $(BIN)/python
	@JDK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m" \
		CI=true KPI_SPARK_HOSPITALS=$(or $(N),10) $(BIN)/python -m pytest -q -m spark $(ARGS) \
		tests/warehouse/test_spark_engine.py tests/cli/test_engine.py

check: $(READY) ## Style, types, layers, SQL, generated documents, declared = used, definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/sqlfluff lint --disable-progress-bar sql
	$(BIN)/python tools/generate_docs.py --check
	$(BIN)/python tools/check_used.py
	$(BIN)/kpi check

format: $(READY) ## Rewrites Python and SQL in the house layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar sql

docs: $(READY) ## Rewrites the generated documents in docs/
	@$(BIN)/python tools/generate_docs.py

faults: $(READY) postgresql ## Has everything fail while months are issued and sent, on SQLite and PostgreSQL; ROUNDS=80
	@KPI_FAULT_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -q -n 0 tests/delivery/test_many_faults.py

browser: $(READY) postgresql ## Clicks through Dagster in Chromium: backfills of 12 and 36 months, an approval; pictures in OUT
	@tools/chromium.sh
	@mkdir -p $(OUT)
	@KPI_BROWSER=$(abspath $(OUT)) $(BIN)/python -m pytest -q -n 0 tests/orchestration/test_browser.py

bench: $(READY) ## Measures speed and memory
	@for benchmark in benchmarks/bench_*.py; do $(BIN)/python -m "benchmarks.$$(basename "$$benchmark" .py)"; done

bench-catalogue: $(READY) ## What all measures cost from staged files, written into docs/benchmarks.md; LARGE=5000000 adds a size
	@$(BIN)/python -m benchmarks.bench_catalogue --sizes 50000 500000 $(LARGE) --write

simulate: $(READY) ## Simulates the judgement where the truth is known and rewrites docs/simulations.md; minutes
	@$(BIN)/python -m benchmarks.signals_simulation --write
	@$(BIN)/python -m benchmarks.funnel_simulation --write
	@$(BIN)/python -m benchmarks.claims_simulation --write
	@$(BIN)/python -m benchmarks.bands_simulation --write
	@$(BIN)/python -m benchmarks.risk_simulation --write
	@$(BIN)/python -m benchmarks.judgement_simulation --write
	@$(BIN)/python -m benchmarks.feed_simulation --write

verapdf: $(READY) ## Validates every form that is PDF, for every audience, with veraPDF
	@tools/verapdf.sh
	@CI=true $(BIN)/python -m pytest -q -m "long or not long" tests/end_to_end/test_forms_outside.py -k pdf

axe: $(READY) ## Looks at the report's pages with axe-core in Chromium, on a phone's width and a screen's
	@tools/axe.sh
	@CI=true $(BIN)/python -m pytest -q -m long tests/end_to_end/test_forms_outside.py -k axe

outside: ## Installs veraPDF, Chromium and axe-core, which some tests start
	@tools/verapdf.sh
	@tools/axe.sh

postgresql: ## Installs PostgreSQL's server, which some tests and benchmarks start
	@tools/postgresql.sh

mail-server: ## Installs Postfix and Dovecot, which one test starts
	@tools/mail_server.sh

bench-sources: $(READY) postgresql ## A million FHIR encounters, and five million rows from PostgreSQL, killed and resumed
	@$(BIN)/python -m benchmarks.fhir_million
	@$(BIN)/python -m benchmarks.extract_rows

damage: $(READY) ## Reads thousands of damaged FHIR files; N=2000 says how many
	@KPI_DAMAGED_FILES=$(or $(N),2000) $(BIN)/python -m pytest -q tests/sources/test_fhir_damage.py

texts: $(READY) ## Puts random texts into every field of small hospitals, from file to PDF; N=200 says how many
	@KPI_TEXT_EXAMPLES=$(or $(N),200) $(BIN)/python -m pytest -q tests/end_to_end/test_any_text.py -k any_text_is

mutation: $(READY) ## Reads 20,000 broken files of every format, going on where it was; N=2000 says how many
	@$(BIN)/python -m benchmarks.mutation --files $(or $(N),20000) --write

sql-mutation: $(READY) ## Changes one token of the SQL at a time and rewrites docs/sql_mutation.md; METRICS=0 TABLES=0 try all
	@$(BIN)/python -m benchmarks.sql_mutation --metrics $(or $(METRICS),300) --warehouse $(or $(TABLES),20) --write

differential: $(READY) ## Reads random CSV, Excel and Parquet files as csv, openpyxl and pyarrow do; N=2000 says how many
	@KPI_DIFFERENTIAL_FILES=$(or $(N),2000) $(BIN)/python -m pytest -q -s tests/intake/test_differential.py

golden-sets: $(READY) ## Writes large golden sets for `pytest tests/golden --golden $(SETS)`; minutes
	@$(BIN)/python -m benchmarks.golden_sets $(SETS) $(if $(TERMINOLOGY),--terminology $(TERMINOLOGY))

corruption: $(READY) ## Spoils a clean hospital in every known way and rewrites docs/corruption.md; minutes
	@$(BIN)/python -m benchmarks.corruption --write

attack: $(READY) ## Attacks what would be published of small hospitals and rewrites docs/disclosure.md; long
	@$(BIN)/python -m benchmarks.disclosure_simulation --write

attacks: $(READY) ## Tries every hostile input in a sandbox; ATTACKS=xlsx narrows it to those whose names begin so
	@KPI_ATTACKS="$(or $(ATTACKS),all)" $(BIN)/python -m pytest -q -n $(WORKERS) tests/attacks

lock: ## Makes requirements.lock and requirements-dev.lock anew from pyproject.toml
	@python3 -m venv $(LOCK_VENV)
	@$(LOCK_VENV)/bin/python -m pip install -qq uv
	@$(LOCK_VENV)/bin/uv pip compile $(LOCKED) pyproject.toml -o requirements.lock
	@$(LOCK_VENV)/bin/uv pip compile $(LOCKED) --constraints requirements.lock --group pyproject.toml:dev pyproject.toml \
		-o requirements-dev.lock

clean: ## Removes what the tools made; keeps the virtual environment, data/ and Dagster's history
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find kpi_pipeline tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
