# The one task runner. Every target sets up what it needs in .venv: with uv when it is there, with venv and pip when not.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= auto
FUZZ_SECONDS ?= 60
MINUTES ?= 30
SEED ?= 1

.PHONY: help demo test test-deep test-pythons test-installs test-containers coverage mutants system-packages container-packages check bench bench-costs bench-ingest gallery attack faults tampering fuzz protos protos-baseline units lock dist pages privacy site docs format clean

# From Debian: what the tests of our log against Go's own packages need, the browser in which pages are measured, with what
# its driver loads, and a PostgreSQL to read tables from. Each with what tells that it is there.
SYSTEM_PACKAGES := golang-go golang-golang-x-mod-dev chromium libatomic1 fonts-dejavu-core postgresql systemd
SYSTEM_FILES := /usr/bin/go /usr/share/gocode/src/golang.org/x/mod/sumdb /usr/bin/chromium /usr/lib/*/libatomic.so.1 \
  /usr/share/fonts/truetype/dejavu /usr/lib/postgresql/*/bin/initdb /usr/bin/systemd-analyze
SETUP_LOG := .venv/setup.log

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

demo: .venv/installed-demo  ## four cities and a coordinator on loopback, and a tour of questions
	$(BIN)/hansa demo

test: .venv/installed-dev  ## all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

test-deep: .venv/installed-dev  ## all tests, property tests with twenty times as many examples
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

test-pythons: .venv/installed-dev  ## all tests but leagues of processes, under each other Python from 3.11 on that is found here: about as long as `make test` for each
	$(BIN)/python tools/pythons.py

test-installs: .venv/installed-release  ## plain hansa and hansa[node], each installed alone from the wheel
	$(BIN)/python tools/installs.py

coverage: .venv/installed-dev  ## all tests, with the share of the code that they run; fails below the floor
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report=term:skip-covered
	@echo "covered: $$($(BIN)/coverage report --format=total 2>/dev/null || true) per cent; the floor is $$(sed -n 's/^fail_under = \([0-9]*\).*/\1/p' pyproject.toml)"

mutants: .venv/installed-mutants  ## change lines at random, and say which changes no test finds (MINUTES, SEED)
	$(BIN)/python tools/mutants.py --minutes $(MINUTES) --seed $(SEED)

system-packages:  ## what some tests need from Debian; as root
	@if ! ls -d $(SYSTEM_FILES) >/dev/null 2>&1; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends $(SYSTEM_PACKAGES) >/dev/null; fi

check: .venv/installed-dev  ## lint, types, import contracts, protos, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python protos/generate.py --check
	$(BIN)/buf lint protos
	$(BIN)/buf breaking protos --against protos/baseline.binpb
	$(BIN)/python tools/lock.py --check
	$(BIN)/python docs/generate_cli.py --check docs/cli.md
	$(BIN)/python docs/generate_config.py --check docs/config.md
	$(BIN)/python docs/generate_samples.py --check deploy
	$(BIN)/python docs/generate_schemas.py --check docs/schema
	$(BIN)/python docs/generate_log_schema.py --check docs/log-schema.json
	$(BIN)/python docs/generate_sql.py --check docs/sql.md
	$(BIN)/python docs/generate_catalogues.py --check audit/hansa_audit/languages/catalogues

bench: .venv/installed-dev  ## print the numbers of the docs; asserts none (HANSA_BENCH_ROWS: synthetic trips, HANSA_BENCH_NODES: nodes)
	$(BIN)/python bench/run.py

bench-costs: .venv/installed-dev  ## of the benches, what a question costs each process, beside heavy ones and at rest
	$(BIN)/python bench/costs.py

bench-ingest: .venv/installed-dev  ## of the benches, ingest against DuckDB's own CREATE TABLE AS (HANSA_BENCH_INGEST_ROWS: rows, ten million if not set)
	$(BIN)/python bench/ingest.py

gallery: .venv/installed-dev  ## draw thirty awkward answers as charts, to be looked at, in gallery/out
	PYTHONPATH=tests/support $(BIN)/python gallery/render.py gallery/out

attack: .venv/installed-dev  ## the red team, whole: a thousand generated publications and the demo's data; its page is attack.html
	$(BIN)/hansa attack --full --report attack.html

faults: .venv/installed-dev  ## break a running league fault by fault: what became of each question, and how long it took to recover
	$(BIN)/python faults/run_faults.py

test-containers: .venv/installed-containers  ## build the images, start a league of containers and break it fault by fault; as root, with an engine or `make container-packages`
	PYTHONPATH=faults $(BIN)/python faults/run_container_faults.py

container-packages:  ## a container engine and what makes a base image, from Debian; as root
	@if ! ls -d /usr/sbin/dockerd /usr/sbin/debootstrap /usr/sbin/iptables >/dev/null 2>&1; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends docker.io iptables debootstrap >/dev/null; fi

tampering: .venv/installed-dev  ## tamper with a fetched log in every way, and print what the auditor finds of each
	PYTHONPATH=tests/support $(BIN)/python faults/run_tamperings.py

fuzz: .venv/installed-fuzz  ## throw mutated bytes at every reader of foreign bytes (FUZZ_SECONDS: in all)
	$(BIN)/python fuzz/fuzz_all.py $(FUZZ_SECONDS)

protos: .venv/installed-dev  ## remake the generated wire code
	$(BIN)/python protos/generate.py

protos-baseline: .venv/installed-dev  ## let what the protos are now be what later ones may not break: at a release
	$(BIN)/buf build protos -o protos/baseline.binpb

units: .venv/installed-dev  ## remake the table of UCUM's units
	$(BIN)/python tools/ucum_table.py

lock: .venv/installed-release  ## resolve the locks in requirements/ anew
	$(BIN)/python tools/lock.py

dist: .venv/installed-release  ## sdist, wheel, bill of materials and checksums in dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/python tools/sbom.py dist/hansa.cdx.json
	cd dist && sha256sum * > SHA256SUMS

pages: .venv/installed-dev  ## remake the generated pages
	$(BIN)/python docs/generate_cli.py --write docs/cli.md
	$(BIN)/python docs/generate_config.py --write docs/config.md
	$(BIN)/python docs/generate_samples.py --write deploy
	$(BIN)/python docs/generate_schemas.py --write docs/schema
	$(BIN)/python docs/generate_log_schema.py --write docs/log-schema.json
	$(BIN)/python docs/generate_sql.py --write docs/sql.md
	$(BIN)/python docs/generate_catalogues.py --write audit/hansa_audit/languages/catalogues
	$(BIN)/python docs/generate_tutorial.py --write docs/tutorial.md

privacy: .venv/installed-dev  ## how much of the demo's controlled data is suppressed, into docs/privacy.md
	$(BIN)/python docs/generate_privacy.py --write docs/privacy.md

site: .venv/installed-docs  ## the documentation as a site in site/, every internal link checked
	$(BIN)/python tools/build_site.py

docs: pages site  ## remake the generated pages, and build the site

format: .venv/installed-dev  ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove everything that was set up
	rm -rf .venv .fuzz gallery/out site .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

# What installers say goes to a log, which is shown where they fail. Where CI is set, everything comes from the lock by
# its hash; the lock has all extras but `fuzz`.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Hansa needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Say which: make PYTHON=python3.12" >&2; exit 1; }
	@mkdir -p .venv
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python $(PYTHON) .venv; \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv .venv; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing Debian's python3-venv"; \
	  { apt-get update && apt-get install -y --no-install-recommends python3-venv; } >$(SETUP_LOG) 2>&1 \
	    || { cat $(SETUP_LOG) >&2; exit 1; }; \
	  $(PYTHON) -m venv .venv; \
	else echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; fi

.venv/installed-%: pyproject.toml requirements/dev.lock | .venv/bin/python
	@echo "setting up .venv ($*): a minute or two the first time"
	@with_pip() { $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; "$$@"; }; \
	if [ -n "$${CI:-}" ]; then install=(with_pip $(BIN)/python tools/locked.py $*); \
	elif command -v uv >/dev/null; then install=(uv pip install --python .venv/bin/python --editable '.[$*]'); \
	else install=(with_pip $(BIN)/python -m pip install --disable-pip-version-check --editable '.[$*]'); fi; \
	"$${install[@]}" >$(SETUP_LOG) 2>&1 || { cat $(SETUP_LOG) >&2; exit 1; }
	@touch $@
