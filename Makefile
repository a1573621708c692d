# prefstream: everything starts here. The environment is .venv; the first target makes it.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/prefstream

.PHONY: help demo test lint up bench clean lock

help:  ## show what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/.runtime  ## stream the shipped sample through the whole chain
	$(RUN) demo --exit

test: .venv/.dev lint  ## lint, types, and every test; needs Java 17 and Maven for the Kafka part
	$(BIN)/python ops/kafka/fetch.py
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/.dev  ## style, types, import rings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

up: .venv/.runtime  ## run everything on this machine until Ctrl-C
	$(RUN) up

bench: .venv/.dev  ## print every benchmark as ratios to its baseline
	$(BIN)/python benchmarks/stage_throughput.py
	$(BIN)/python benchmarks/sink_rate.py
	$(BIN)/python benchmarks/chain_on_postgres.py

lock: .venv/.dev  ## renew the locks; they name no index, so any mirror serves
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --extra embedded --extra parquet --extra server \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements/runtime.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --group dev \
	  -c requirements/runtime.txt --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q \
	  -o requirements/dev.txt

clean:  ## remove the environment and everything made
	rm -rf .venv .prefstream dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "prefstream needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/.runtime: .venv/bin/python requirements/runtime.txt requirements/build.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	touch $@
