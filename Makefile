# Everything a developer types. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
VENV := .venv
PY := $(VENV)/bin/python
export PORT ?= 8000
export DATA_DIR ?= var
export GALLERY_DIR ?= var/gallery

.PHONY: help setup setup-dev demo run worker lint format test test-external fuzz gallery schema released bench docs lock clean
help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(VENV)/.runtime ## Create .venv and install what the site needs
setup-dev: $(VENV)/.dev ## … and what developing needs

$(VENV)/bin/python:
	@bash .ci/venv $(VENV)
$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@bash .ci/install $(VENV) requirements.txt
	touch $@
# requirements-dev.txt holds all of requirements.txt at the same versions.
$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/python
	@bash .ci/install $(VENV) requirements-dev.txt
	touch $(VENV)/.runtime $@

demo: setup ## Run the demo site, web, stream and worker, on http://localhost:$(PORT)/ (PORT, DATA_DIR)
	@exec $(PY) manage.py demo
run: setup ## Serve a developer's site with reload
	@$(PY) manage.py migrate --verbosity 0
	exec $(PY) manage.py runserver 127.0.0.1:$(PORT)
worker: setup ## Run the supervised queue worker
	@exec $(PY) manage.py referral_worker

lint: setup-dev ## Check style, types, templates, import floors and migrations
	@$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint --quiet .
	$(VENV)/bin/mypy
	DATA_DIR=$$(mktemp -d) $(PY) manage.py makemigrations --check --dry-run
format: setup-dev ## Put code in shape
	@$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
test: setup-dev ## Run the whole suite on SQLite and on PostgreSQL
	@$(PY) -m tests.run $(ARGS)
test-external: setup-dev ## Ask checkers by others: HTML, Lighthouse, GraphQL’s tools, a plain Wagtail site (fetches packages)
	@$(PY) -m pytest -ra -p no:cacheprovider --no-migrations -o addopts= tests/external $(ARGS)
fuzz: setup-dev ## Ask the API for whatever its schema allows, for FUZZ_SECONDS
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-330} $(PY) -m pytest -ra -s -p no:cacheprovider --no-migrations -o addopts= \
		tests/external/test_fuzz.py
gallery: setup-dev ## Picture every block and page in every look: $(GALLERY_DIR)/index.html
	@$(PY) -m pytest -q -s -p no:cacheprovider --no-migrations -o addopts= tests/gallery/render.py
schema: setup-dev ## Write graphql_api/schema.graphql and docs/reference/graphql.md anew
	@export DATA_DIR=$$(mktemp -d)
	$(PY) manage.py export_schema graphql_api.schema:schema --path graphql_api/schema.graphql
	$(PY) manage.py export_reference --path docs/reference/graphql.md
released: ## With a release: the schema as it stands becomes what later ones are compared with
	@cp graphql_api/schema.graphql graphql_api/released.graphql
	sed -i '/^\[\[change/,$$d' graphql_api/breaking_changes.toml
bench: setup-dev ## Measure ratios, side by side in one run, on SQLite, then on PostgreSQL
	@ONE_BY_ONE=1 $(PY) -m tests.run tests/benchmarks -s -o addopts=
docs: setup-dev ## Check that links between documents lead somewhere
	@$(PY) -m pytest -q tests/test_docs.py
lock: ## Pin dependencies anew (needs uv)
	@uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --extra site \
		pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra site --extra dev \
		pyproject.toml -c requirements.txt -o requirements-dev.txt
clean: ## Remove .venv and the demo's data
	@rm -rf "$(VENV)" "$(DATA_DIR)"
