# prefstream: everything starts here. The environment is .venv; the first target makes it.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/prefstream

.PHONY: help demo test lint up bench clean lock check-trainers lock-trainers

help:  ## show what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

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

check-trainers: .venv/.dev .trainers/.made  ## train a step with TRL on our files, and load them elsewhere (11 GB)
	rm -rf .trainers/release
	$(BIN)/python ops/trainers/make_release.py .trainers/release
	.trainers/trl/bin/python -W ignore ops/trainers/check_trl.py .trainers/release
	.trainers/loaders/bin/python -W ignore ops/trainers/check_loaders.py .trainers/release

lock-trainers: .venv/.dev  ## renew the locks of the trainers' own environments
	for name in trl loaders; do \
	  $(BIN)/uv pip compile ops/trainers/$$name.in --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-header -q -o ops/trainers/$$name.txt || exit 1; done
	$(BIN)/uv pip compile ops/trainers/loaders-alone.in --no-deps --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header -q -o ops/trainers/loaders-alone.txt

clean:  ## remove the environment and everything made
	rm -rf .venv .trainers .prefstream dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

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

# The trainers cannot live beside prefstream, nor beside each other.
.trainers/.made: ops/trainers/trl.txt ops/trainers/loaders.txt ops/trainers/loaders-alone.txt
	rm -rf .trainers/trl .trainers/loaders
	$(BIN)/uv venv -q --python $(BIN)/python .trainers/trl
	$(BIN)/uv venv -q --python $(BIN)/python .trainers/loaders
	$(BIN)/uv pip install -q --python .trainers/trl/bin/python --require-hashes -r ops/trainers/trl.txt
	$(BIN)/uv pip install -q --python .trainers/loaders/bin/python --require-hashes -r ops/trainers/loaders.txt
	$(BIN)/uv pip install -q --python .trainers/loaders/bin/python --require-hashes --no-deps -r ops/trainers/loaders-alone.txt
	touch $@
