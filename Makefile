# The one task runner. Every target sets up what it needs in .venv: with uv when it is there, with venv and pip when not.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= auto
FUZZ_SECONDS ?= 60

.PHONY: help demo test check bench faults fuzz protos docs format clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

demo: .venv/installed-demo  ## four cities and a coordinator on loopback, and a tour of questions
	$(BIN)/hansa demo

test: .venv/installed-dev  ## all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

check: .venv/installed-dev  ## lint, types, import contracts, protos, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python protos/generate.py --check
	$(BIN)/buf lint protos
	@tag=$$(git describe --tags --abbrev=0 2>/dev/null || true); \
	if [ -n "$$tag" ]; then $(BIN)/buf breaking protos --against ".git#tag=$$tag,subdir=protos"; \
	else echo "buf breaking: no tag yet, nothing to compare with"; fi
	$(BIN)/python docs/generate_cli.py --check docs/cli.md
	$(BIN)/python docs/generate_config.py --check docs/config.md
	$(BIN)/python docs/generate_samples.py --check deploy
	$(BIN)/python docs/generate_schemas.py --check docs/schema
	$(BIN)/python docs/generate_log_schema.py --check docs/log-schema.json

bench: .venv/installed-dev  ## print the numbers of the docs; asserts none (HANSA_BENCH_ROWS: synthetic trips, HANSA_BENCH_NODES: nodes)
	$(BIN)/python bench/run.py

faults: .venv/installed-dev  ## break a running league fault by fault: what became of each question, and how long it took to recover
	$(BIN)/python faults/run_faults.py

fuzz: .venv/installed-fuzz  ## throw mutated bytes at every reader of foreign bytes (FUZZ_SECONDS: in all)
	$(BIN)/python fuzz/fuzz_all.py $(FUZZ_SECONDS)

protos: .venv/installed-dev  ## remake the generated wire code
	$(BIN)/python protos/generate.py

docs: .venv/installed-dev  ## remake the generated pages
	$(BIN)/python docs/generate_cli.py --write docs/cli.md
	$(BIN)/python docs/generate_config.py --write docs/config.md
	$(BIN)/python docs/generate_samples.py --write deploy
	$(BIN)/python docs/generate_schemas.py --write docs/schema
	$(BIN)/python docs/generate_log_schema.py --write docs/log-schema.json
	$(BIN)/python docs/generate_tutorial.py --write docs/tutorial.md

format: .venv/installed-dev  ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove everything that was set up
	rm -rf .venv .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Hansa needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Say which: make PYTHON=python3.12" >&2; exit 1; }
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python $(PYTHON) .venv; \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv .venv; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv && $(PYTHON) -m venv .venv; \
	else echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; fi

.venv/installed-%: pyproject.toml | .venv/bin/python
	@echo "setting up .venv ($*)"
	@if command -v uv >/dev/null; then uv pip install --quiet --python .venv/bin/python --editable '.[$*]'; \
	else $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'; fi
	@touch $@
