# Two commands: `make demo` shows what kabosu does, `make test` proves it. Both set up .venv themselves.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-slow lint types bench mutants clean
.DEFAULT_GOAL := help

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/python:
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade pip
	@touch $@

.venv/demo: .venv/python pyproject.toml requirements-data.txt
	@echo "setting up .venv for the demo (about a minute)"
	$(PIP) -e '.[demo]'
	$(PIP) --no-deps -r requirements-data.txt
	@touch $@

.venv/test: .venv/python pyproject.toml requirements-data.txt
	@echo "setting up .venv for the tests (some minutes: every booster and frame library is tested for real)"
	$(PIP) -e '.[test]'
	$(PIP) --no-deps -r requirements-data.txt
	@touch $@

demo: .venv/demo ## the walk-through and a real table; open out/index.html
	$(BIN)/python examples/demo.py

test: .venv/test ## the whole suite, under 20 minutes on 2 cores
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 -m "not slow"

test-slow: .venv/test ## proofs that take minutes: exactness on many tables, parity by z-scores, coverage, mutants; about half an hour on 2 cores
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 -m slow

lint: .venv/test ## ruff
	$(BIN)/ruff check .

types: .venv/test ## pyright on the core
	$(BIN)/pyright

bench: .venv/test ## side by side with lime, in one run
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks

clean: ## remove what the commands made
	rm -rf .venv out
