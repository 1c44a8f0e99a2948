# `make` installs everything into this folder: .venv to develop and test, .venv-meltano for
# Meltano, whose pins differ, and .meltano for its plugins.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python that runs (a shim may not) and is new enough. The loader's DuckDB has no
# wheels above 3.12, so that comes first.
ifndef PYTHON
PYTHON := $(firstword $(foreach python,python3.12 python3.11 python3.13 python3.14 python3,\
	$(shell $(python) -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null)))
endif

# Behind a proxy with a certificate of its own, this machine knows it and uv does not.
export UV_SYSTEM_CERTS ?= 1

VENV := .venv/bin
MELTANO := .venv-meltano/bin/meltano
PIP := -m pip --disable-pip-version-check --quiet

.PHONY: help
help: ## Show what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

.PHONY: run
run: .venv/.project .meltano/.installed ## Read Act-On, or its sandbox, into DuckDB
	@$(VENV)/python -m pipeline $(ARGS)

.PHONY: test
test: lint .meltano/.installed ## Check the code and run all tests
	$(VENV)/python -m pytest -n auto --dist worksteal

.PHONY: lint
lint: .venv/.project ## Check style and types
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/zizmor --offline --persona auditor --quiet .github

.PHONY: audit
audit: .venv-audit/.installed ## Look up known vulnerabilities of all pins (asks PyPI)
	@set -e; for pins in requirements/*.txt; do \
		echo "$$pins"; .venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement "$$pins"; done

.PHONY: format
format: .venv/.project ## Put the code into shape
	$(VENV)/ruff check --fix-only
	$(VENV)/ruff format

# No address of a registry goes into the files, so they work behind any mirror of it.
LOCK := $(VENV)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-config --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

.PHONY: lock
lock: .venv/.project ## Pin the newest versions that pyproject.toml allows
	$(LOCK) pyproject.toml --group development --output-file requirements/development.txt
	$(LOCK) --group meltano --output-file requirements/meltano.txt
	$(LOCK) --group audit --output-file requirements/audit.txt

.PHONY: dist
dist: .venv/.project ## Build the wheel and the source package
	$(VENV)/uv build --no-config --no-build-isolation --quiet --clear --out-dir dist

.PHONY: clean
clean: ## Remove what was installed, and the sandbox with all that was read of it
	rm -rf .venv .venv-audit .venv-meltano .meltano/extractors .meltano/loaders .meltano/run .meltano/.installed
	rm -rf .sandbox output/sandbox.duckdb* dist .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/.dependencies: requirements/development.txt
	$(if $(PYTHON),,$(error No Python from 3.11 on was found: name one with make PYTHON=...))
	$(PYTHON) -m venv --clear .venv
	$(VENV)/python $(PIP) install --require-hashes --requirement $<
	@touch $@

.venv/.project: pyproject.toml .venv/.dependencies
	$(VENV)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv-meltano/.installed: requirements/meltano.txt
	$(if $(PYTHON),,$(error No Python from 3.11 on was found: name one with make PYTHON=...))
	$(PYTHON) -m venv --clear .venv-meltano
	.venv-meltano/bin/python $(PIP) install --require-hashes --requirement $<
	@touch $@

.venv-audit/.installed: requirements/audit.txt
	$(if $(PYTHON),,$(error No Python from 3.11 on was found: name one with make PYTHON=...))
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python $(PIP) install --require-hashes --requirement $<
	@touch $@

.meltano/.installed: meltano.yml pyproject.toml requirements/development.txt .venv-meltano/.installed
	$(MELTANO) --log-level=warning install tap-acton target-duckdb
	@touch $@
