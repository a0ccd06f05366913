# Everything below needs a Python of version 3.11 or newer, make, and a package index.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up test test-fast test-random test-faults fuzz lint types architecture contracts drift coverage bench bench-scale gen lock clean env env-dev test-system

# An interpreter of one's own choice: make up PYTHON=/path/to/python3
BOOTSTRAP = $$(test -x .venv/bin/python && echo .venv/bin/python || echo $${PYTHON:-python3}) launcher/bootstrap.py
BIN := .venv/bin
TYPED := engine_svc mesh history_svc identity_svc form_svc monitoring_svc notification_svc gateway_envoy launcher proto bench tests conftest.py
IMPORTS := PYTHONPATH=.:gen
# Processes of `make test`: more than two processors' worth, as many tests wait.
WORKERS ?= 3
# Options of `flowmesh up`: make up ARGS="--data /var/lib/flowmesh --port 9000"
ARGS ?=

ifdef PYTHON
export PYTHON
endif

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

env:
	@$(BOOTSTRAP)

env-dev:
	@$(BOOTSTRAP) --dev

up: env ## Run the whole mesh on this machine (options: ARGS="--data DIR --port 8080")
	@exec $(BIN)/flowmesh up $(ARGS)

test: env-dev lint types architecture contracts drift test-system ## Check everything, as CI does
	@$(MAKE) --no-print-directory coverage

lint: env-dev ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env-dev
	$(BIN)/mypy --strict $(TYPED)

architecture: env-dev
	$(IMPORTS) $(BIN)/lint-imports --no-logo

contracts: env-dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/contracts

drift: env-dev
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/drift

test-system:
	@.ci/system

coverage: env-dev
	rm -f .coverage .coverage.*
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report= -p no:cacheprovider
	$(BIN)/coverage report --skip-covered --fail-under=85

test-fast: env-dev ## Run the tests that take no more than a moment
	$(BIN)/pytest -n $(WORKERS) -m "not slow"

test-random: env-dev ## Run thousands of random models, also on two engines at once (one again: FLOWMESH_RANDOM_SEED=n)
	$(BIN)/pytest -n $(WORKERS) -p no:cacheprovider tests/property/engine/test_random_models.py tests/property/engine/test_random_interruptions.py tests/integration/engine/test_random_models.py

test-faults: env-dev test-system ## Break 200 things under traffic: is anything lost? (FAULTS=200, one again: SEED=n)
	$(IMPORTS) $(BIN)/python -m tests.faults --faults $(or $(FAULTS),200) $(if $(SEED),--seed $(SEED))

fuzz: env-dev ## Send 20,000 made-up requests: is any answer not in the OpenAPI document? (REQUESTS=20000, one again: SEED=n)
	$(IMPORTS) $(BIN)/python -m tests.fuzz --requests $(or $(REQUESTS),20000) $(if $(SEED),--seed $(SEED))

bench: env-dev ## Measure requests a second and latencies
	$(IMPORTS) $(BIN)/python -m bench

bench-scale: env-dev ## Measure with a million instances in the database (takes long)
	$(IMPORTS) $(BIN)/python -m bench.scale

gen: env-dev ## Generate gen/ from the contracts
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python proto/generate.py

lock: env-dev ## Pin the newest allowed versions of all dependencies
	$(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --constraint requirements.lock --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements-dev.lock

clean: ## Delete the environment and everything that tools left behind
	rm -rf .venv .cache .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache third_party
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
