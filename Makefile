# Every task of this repository. Needs make and a Python of 3.11 to 3.13; `make help` lists the tasks.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV ?= .cache/uv/bin/uv
IMAGE ?= quolum/source-digitalocean-quolum:dev
BUILD_IMAGE ?= docker build
CODE := $(wildcard main.py conftest.py source_digitalocean_quolum warehouse sandbox tools demo benchmarks unit_tests integration_tests)

# The interpreter must run, not only exist: version managers leave launchers for versions they do not have.
ifndef PYTHON
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c '$(SUITABLE)' 2>/dev/null && echo "$$p" && break; done)
endif

# Without compiled modules every command of the connector starts more than a second later.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: install $(VENV)
$(VENV): $(STAMP)
install: $(STAMP) ## Make .venv from requirements-dev.lock: the connector and, where it can be, the host

# pip says nothing for minutes, or too much: a dot for every ten packages that have come, and a word when they are laid out.
PIP := bin/python -m pip install --disable-pip-version-check --progress-bar off
DOTS := n=0; while read -r line; do case "$$line" in \
	Collecting*) n=$$((n + 1)); [ $$((n % 10)) -ne 0 ] || printf .;; \
	"Installing collected"*) printf ' installing';; \
	esac; done; echo

WITH_WAREHOUSE := import sys; sys.exit(sys.version_info >= (3, 13))

$(STAMP): requirements-dev.lock pyproject.toml warehouse/pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 with venv found: install one or pass PYTHON=..." >&2; exit 1; }
	@printf 'Installing into $(VENV), once, which takes some minutes '
	@$(PYTHON) -m venv $(VENV)
	@{ PYTHONUNBUFFERED=1 $(VENV)/$(PIP) --require-hashes --no-deps -r requirements-dev.lock \
		|| touch $(VENV)/.failed; } | { $(DOTS); }
	@test ! -e $(VENV)/.failed || { rm $(VENV)/.failed; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@if $(BIN)/python -c '$(WITH_WAREHOUSE)'; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
			--editable ./warehouse; \
	else \
		echo "Installed the connector and its tests without warehouse/, whose PyAirbyte needs Python 3.11 or 3.12:" \
			"make install PYTHON=python3.12 VENV=.venv-3.12 has both."; \
	fi
	@touch $@

.PHONY: demo
demo: $(STAMP) ## Sync a sandbox of DigitalOcean into a local warehouse
	$(BIN)/python -m demo $(ARGS)

# dbt brings packages that the connector and its host do not need, so it lives in an environment of its own, with a lock of
# its own: the lock of .venv stays as it is.
MODELS := .venv-models
MODELS_STAMP := $(MODELS)/.installed
DEMO_WAREHOUSE := build/demo/sandbox/digitalocean_warehouse.duckdb

.PHONY: install-models
install-models: $(MODELS_STAMP) ## Make .venv-models from requirements-models.lock: dbt for the models and their tests

$(MODELS_STAMP): requirements-models.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 with venv found: install one or pass PYTHON=..." >&2; exit 1; }
	@printf 'Installing dbt into $(MODELS), once, which takes a minute or two '
	@$(PYTHON) -m venv $(MODELS)
	@{ PYTHONUNBUFFERED=1 $(MODELS)/$(PIP) --require-hashes --no-deps -r requirements-models.lock \
		|| touch $(MODELS)/.failed; } | { $(DOTS); }
	@test ! -e $(MODELS)/.failed || { rm $(MODELS)/.failed; exit 1; }
	@touch $@

$(DEMO_WAREHOUSE): | $(STAMP)
	$(BIN)/python -m demo

.PHONY: models
models: $(MODELS_STAMP) $(DEMO_WAREHOUSE) ## Build and test the dbt models over the demo's warehouse
	$(MODELS)/bin/python -m warehouse.build_models --duckdb $(DEMO_WAREHOUSE) --artifacts build/models $(ARGS)

# A build writes into the warehouse, too: whether its models are older than its sync is told by the sync's report.
DEMO_MODELS := build/models/run_results.json
DEMO_REPORT := $(dir $(DEMO_WAREHOUSE))report.json

$(DEMO_REPORT): | $(DEMO_WAREHOUSE) ;

$(DEMO_MODELS): $(DEMO_REPORT) | $(MODELS_STAMP)
	$(MODELS)/bin/python -m warehouse.build_models --duckdb $(DEMO_WAREHOUSE) --artifacts build/models

.PHONY: dashboard
dashboard: $(STAMP) $(DEMO_MODELS) ## Write build/dashboard.html, a page of the demo's models that opens offline
	$(BIN)/python -m warehouse.dashboard.cli --duckdb $(DEMO_WAREHOUSE) --out build/dashboard.html $(ARGS)

# One more than two processors: tests wait, too. The long files come first (testpaths), so that at the end none waits alone.
.PHONY: test
test: $(STAMP) ## Run all tests, three files at a time; ARGS="-k oauth" selects
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

.PHONY: test-quick
test-quick: $(STAMP) ## A verdict on what a change most likely broke; ARGS="--against main" asks since when
	$(BIN)/python tools/test_quick.py $(ARGS)

.PHONY: bench
bench: $(STAMP) ## Measure the connector beside its peers; ARGS=--quick for one small run
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: lint
lint: $(STAMP) ## Look for mistakes
	$(BIN)/ruff check $(CODE)

.PHONY: format
format: $(STAMP) ## Mend what can be mended and format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

.PHONY: format-check
format-check: $(STAMP)
	$(BIN)/ruff format --check $(CODE)

.PHONY: type-check
type-check: $(STAMP) ## Check the types
	$(BIN)/mypy $(CODE)

.PHONY: imports
imports: $(STAMP) ## Check that imports go down the rooms only (.importlinter)
	$(BIN)/lint-imports

.PHONY: check-all
check-all: lint format-check type-check imports ## Lint, format-check, type-check, and the rooms

.PHONY: docs
docs: $(STAMP) ## Write the generated pages, tables and counts of docs/ and README.md anew
	$(BIN)/python tools/streams_table.py
	$(BIN)/python -m tools.stream_sets
	$(BIN)/python -m tools.docs_counts
	$(BIN)/python -m tools.ready_sets
	$(BIN)/python -m tools.dictionary
	$(BIN)/python -m tools.relations
	$(BIN)/python -m tools.request_table
	$(BIN)/python tools/metrics_table.py
	$(BIN)/python -m tools.reliability faults
	$(BIN)/python tools/models_docs.py

# The dev lock is what .venv gets: the connector, its tools, the build backend, and the host with a marker that leaves it
# out where it cannot be installed. It comes first: what the image gets must be the versions that the tests ran with. A
# lock is whole and names no extras, so it is installed without looking for anything else: pip takes name[extra]==1 for
# another package than name, of which it would try the newest.
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--strip-extras --no-emit-index-url --no-header --no-annotate $(ARGS)
OURS := --no-emit-package source-digitalocean-quolum --no-emit-package digitalocean-quolum-warehouse

.PHONY: lock
lock: $(UV) ## Resolve the locks anew; ARGS=--upgrade takes new versions
	printf '%s\n' 'poetry-core>=2.0' './warehouse ; python_version < "3.13"' \
		| $(COMPILE) $(OURS) --extra dev pyproject.toml - -o requirements-dev.lock
	$(COMPILE) --constraint requirements-dev.lock pyproject.toml -o requirements.lock
	{ $(MODELS_EXTRA); sed -n 's/^\(duckdb==[^ ]*\).*/\1/p' requirements-dev.lock; } \
		| $(COMPILE) - -o requirements-models.lock

# What dbt builds is read with the duckdb of .venv: both are the same version.
MODELS_EXTRA := $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("warehouse/pyproject.toml", "rb"))["project"] \
	["optional-dependencies"]["models"], sep="\n")'

.cache/uv/bin/uv:
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

.PHONY: image
image: ## Build the image; BUILD_IMAGE="buildah bud --isolation chroot" builds without Docker
	$(BUILD_IMAGE) -t $(IMAGE) .
