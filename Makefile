# `make` installs everything into this folder: .venv for development and tests, .venv-meltano for
# Meltano, whose pins differ, and .meltano for its plugins.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python that runs (a shim may not) and is new enough. target-duckdb's DuckDB has no
# wheels for Python above 3.12, so 3.12 comes first.
ifndef PYTHON
PYTHON := $(firstword $(foreach python,python3.12 python3.11 python3.13 python3.14 python3,\
	$(shell $(python) -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null)))
endif

# Behind a proxy with its own certificate, this machine trusts it and uv does not.
export UV_SYSTEM_CERTS ?= 1

# Images of containers often set it, and then every process that starts compiles again what it
# imports: uv, which installs this project and the plugins of Meltano, leaves that to them.
unexport PYTHONDONTWRITEBYTECODE

# Where the project is, such as owner/name: addresses that a package or a definition has follow from it.
REPOSITORY ?= $(GITHUB_REPOSITORY)

VENV := .venv/bin
MELTANO := .venv-meltano/bin/meltano
PIP := -m pip --disable-pip-version-check --quiet
# pip installs no more than uv, which takes seconds where pip takes a minute.
UV_PIP := $(VENV)/uv pip install --quiet --python
SANDBOX_PIP := .venv-sandbox/bin/uv pip install --quiet --python .venv-sandbox \
	--constraint requirements/development.txt

.PHONY: help
help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 25

.PHONY: run
run: .venv/.project .meltano/.installed ## Load Act-On, or the bundled sandbox, into DuckDB
	@$(VENV)/python -m pipeline $(ARGS)

.PHONY: sandbox
sandbox: .venv-sandbox/.installed ## Start an imitation of Act-On, and print the settings that reach it
	@.venv-sandbox/bin/python -m acton_sandbox $(ARGS)

.PHONY: orchestrate
orchestrate: .venv/.project .venv-dagster/.installed .meltano/.installed ## Read many accounts on Dagster, or two of the sandbox
	@.venv-dagster/bin/python -m orchestrate.dagster

.PHONY: unit
unit: .venv/.project ## Run the unit tests in half a minute: fewer random examples, no database
	$(VENV)/python -m pytest -n auto -m "not server" --hypothesis-profile=quick tests/unit

.PHONY: test
test: lint .venv/.browser .meltano/.installed-for-tests .venv-snowflake/.installed .venv-docs/.installed ## Run the linters, and all tests but those of the next three
	$(VENV)/python -m pytest -n auto --dist worksteal --ignore=tests/models --ignore=tests/schedulers

.PHONY: test-models
test-models: .venv/.project .venv-dbt/.installed .meltano/.installed-for-tests ## Build the models and run their tests
	$(VENV)/python -m pytest -n auto --dist worksteal tests/models

.PHONY: test-orchestrate
test-orchestrate: .venv/.project .venv-dagster/.installed .meltano/.installed ## Run the tests of many accounts on Dagster
	.venv-dagster/bin/python -m pytest tests/orchestrate

.PHONY: test-schedulers
test-schedulers: .venv/.project .venv-schedulers/.installed ## Load the DAGs of Airflow and the manifests of Kubernetes, and run what they run
	$(VENV)/python -m pytest tests/schedulers

.PHONY: test-lowest
test-lowest: .venv-lowest/.installed ## Run the tests without Meltano, with the lowest versions that pyproject.toml allows
	.venv-lowest/bin/python -m pytest -n auto --dist worksteal tests/unit tests/contract

.PHONY: soak
soak: .venv/.project ## Run the random tests with new seeds for an hour, or TAP_ACTON_SOAK_SECONDS, then two nights of 200 accounts
	TAP_ACTON_SOAK_SECONDS=$${TAP_ACTON_SOAK_SECONDS:-3600} $(VENV)/python -m pytest -s -n 2 \
		-k new_seeds tests/unit/test_retriever.py tests/contract/test_random_faults.py \
		tests/contract/test_random_days.py tests/contract/test_deviations.py
	TAP_ACTON_NIGHT_ACCOUNTS=$${TAP_ACTON_NIGHT_ACCOUNTS:-200} $(VENV)/python -m pytest -s tests/contract/test_night.py

.PHONY: lint
lint: .venv/.project .venv-dbt/.installed ## Run the linters and the type checker
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/zizmor --offline --persona auditor --quiet .github
	$(VENV)/hadolint docs/recipes/Dockerfile orchestrate/kubernetes/Dockerfile
	ACTON_DUCKDB=:memory: .venv-dbt/bin/sqlfluff lint --processes 2 --disable-progress-bar transform/models

.PHONY: docs
docs: .venv/.project .venv-docs/.installed ## Build the documentation site, with a search over all columns
	@$(VENV)/python -m scripts.website

.PHONY: hub
hub: .venv/.project ## Write what Meltano Hub gets of the tap: make hub REPOSITORY=owner/name
	@$(VENV)/python -m scripts.hub '$(REPOSITORY)'
	@echo "Written to output/hub. CONTRIBUTING.md says what to do with it."

.PHONY: report
report: .venv/.project ## Write what happened in the account into one page
	@$(VENV)/python -m report $(ARGS)

.PHONY: models-docs
models-docs: .venv-dbt/.installed ## Write the models, their columns and their lineage into one page
	@DBT_PROFILES_DIR=transform/profiles/duckdb DBT_PROJECT_DIR=transform DBT_TARGET_PATH=$(CURDIR)/output/models \
		ACTON_DUCKDB=$${ACTON_DUCKDB:-$(or $(addprefix $(CURDIR)/,$(firstword $(wildcard output/acton.duckdb output/sandbox.duckdb))),:memory:)} \
		.venv-dbt/bin/dbt --quiet docs generate --static
	@echo "Open output/models/static_index.html"

.PHONY: mutation
mutation: .venv/.project ## Change the code in small ways and check that tests notice (15 minutes)
	rm -rf mutants
	$(VENV)/mutmut run
	$(VENV)/python -m tests.mutation.survivors

.PHONY: bench
bench: .venv/.project .venv-bench-airbyte/.installed .venv-bench-dlt/.installed ## Measure speed and cost against other ways to read the data (an hour)
	@$(VENV)/python -m benchmarks $(ARGS)

.PHONY: audit
audit: .venv-audit/.installed ## Look up known vulnerabilities of all pins (queries PyPI)
	@set -e; for pins in $(filter-out requirements/lowest.txt,$(wildcard requirements/*.txt)); do \
		echo "$$pins"; .venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement "$$pins"; done

.PHONY: format
format: .venv/.project ## Format the code
	$(VENV)/ruff check --fix-only
	$(VENV)/ruff format

# The files contain no address of a registry, so they work behind any mirror.
LOCK := $(VENV)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-config --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

.PHONY: lock
lock: .venv/.project ## Pin the newest versions allowed by pyproject.toml
	$(LOCK) --group install --output-file requirements/install.txt
	$(LOCK) pyproject.toml --group development --output-file requirements/development.txt
	$(LOCK) pyproject.toml --group development --resolution lowest-direct --output-file requirements/lowest.txt
	$(LOCK) --group build --output-file requirements/build.txt
	$(LOCK) --group package --output-file requirements/package.txt
	$(LOCK) --group meltano --output-file requirements/meltano.txt
	$(LOCK) --group target-duckdb --output-file requirements/target-duckdb.txt
	$(LOCK) --group target-postgres --output-file requirements/target-postgres.txt
	$(LOCK) --group target-jsonl --output-file requirements/target-jsonl.txt
	$(LOCK) --group target-csv --output-file requirements/target-csv.txt
	$(LOCK) --group dbt --override requirements/dbt-overrides.in --output-file requirements/dbt.txt
	$(LOCK) --group dbt-development --override requirements/dbt-overrides.in --output-file requirements/dbt-development.txt
	$(LOCK) --group dagster --override requirements/dbt-overrides.in --output-file requirements/dagster.txt
	$(LOCK) --group dbt-dialects --no-deps --output-file requirements/dbt-dialects.txt
	$(LOCK) --group target-snowflake --output-file requirements/target-snowflake.txt
	$(LOCK) --group docs --output-file requirements/docs.txt
	$(LOCK) --group report --output-file requirements/report.txt
	$(LOCK) --group schedulers --output-file requirements/schedulers.txt
	$(LOCK) --group audit --output-file requirements/audit.txt
	$(LOCK) --group bench-airbyte --output-file requirements/bench-airbyte.txt
	$(LOCK) --group bench-dlt --output-file requirements/bench-dlt.txt

.PHONY: dist
dist: .venv-build/.installed ## Build the wheel and the source distribution
	PACKAGE_REPOSITORY='$(REPOSITORY)' .venv-build/bin/uv build --python .venv-build/bin/python --no-config --no-build-isolation --quiet --clear --out-dir dist

.PHONY: check-dist
check-dist: .venv-package/.installed ## Check what make dist has built
	.venv-package/bin/check-wheel-contents dist/*.whl
	.venv-package/bin/twine check --strict dist/*

# As pinned and tested: who installs the wheel elsewhere may get newer versions.
.PHONY: sbom
sbom: .venv-package/.installed ## Write down what comes with the wheel of make dist
	.venv-package/bin/uv venv --no-config --quiet --clear output/sbom/venv
	.venv-package/bin/uv pip install --no-config --quiet --python output/sbom/venv --constraint requirements/development.txt dist/*.whl
	@# It has the path of the wheel on this machine, in the place of its version on PyPI.
	rm output/sbom/venv/lib/python*/site-packages/tap_acton-*.dist-info/direct_url.json
	.venv-package/bin/cyclonedx-py environment --output-reproducible \
		--output-file output/sbom/tap-acton.cdx.json output/sbom/venv
	.venv-package/bin/python -m scripts.sbom output/sbom/tap-acton.cdx.json
	rm -rf output/sbom/venv

.PHONY: clean
clean: ## Remove everything that was installed, and the sandbox with its data
	rm -rf .venv .venv-audit .venv-bench-* .venv-build .venv-dagster .venv-dbt .venv-docs .venv-lowest .venv-meltano .venv-package .venv-sandbox .venv-schedulers .venv-snowflake .meltano/extractors .meltano/loaders .meltano/utilities .meltano/dbt* .meltano/run .meltano/.installed*
	rm -rf .dagster/sandbox .sandbox output/sandbox.duckdb* transform/target transform/logs dist mutants .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/.dependencies: requirements/install.txt requirements/development.txt
	$(if $(PYTHON),,$(error No Python 3.11 or newer found: name one with make PYTHON=...))
	$(PYTHON) -m venv --clear .venv
	$(VENV)/python $(PIP) install --require-hashes --requirement $<
	$(UV_PIP) .venv --require-hashes --requirement requirements/development.txt
	@touch $@

.venv/.project: pyproject.toml .venv/.dependencies
	$(UV_PIP) .venv --no-deps --no-build-isolation --editable .
	@touch $@

# Debian's Chromium where this may install it. Elsewhere the tests in a browser are skipped and say so.
.venv/.browser: .venv/.dependencies
	@[ -n "$$(which $$CHROMIUM chromium chromium-browser google-chrome)" ] \
		|| $$([ "$$(id -u)" = 0 ] || echo sudo -n) env DEBIAN_FRONTEND=noninteractive \
			sh -c 'apt-get -qq update && apt-get -qq install chromium fonts-liberation' \
		|| echo 'No Chromium was found, or could be installed: tests/browser will be skipped.'
	@touch $@

.venv-docs/.installed .venv-meltano/.installed: .venv-%/.installed: requirements/%.txt .venv/.dependencies
.venv-snowflake/.installed: requirements/target-snowflake.txt .venv/.dependencies
.venv-docs/.installed .venv-meltano/.installed .venv-snowflake/.installed:
	$(VENV)/python -m venv --clear --without-pip $(@D)
	$(UV_PIP) $(@D) --require-hashes --requirement $<
	@touch $@

# Each without .venv, which the workflows that need them do not have.
.venv-audit/.installed .venv-build/.installed .venv-package/.installed: .venv-%/.installed: requirements/%.txt
	$(if $(PYTHON),,$(error No Python 3.11 or newer found: name one with make PYTHON=...))
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python $(PIP) install --require-hashes --requirement $<
	@touch $@

# The tap with its sandbox, and nothing of the development.
.venv-sandbox/.installed: pyproject.toml requirements/install.txt requirements/development.txt
	$(if $(PYTHON),,$(error No Python 3.11 or newer found: name one with make PYTHON=...))
	$(PYTHON) -m venv --clear .venv-sandbox
	.venv-sandbox/bin/python $(PIP) install --require-hashes --requirement requirements/install.txt
	$(SANDBOX_PIP) editables hatch-vcs hatchling
	$(SANDBOX_PIP) --no-build-isolation --editable '.[sandbox]'
	@touch $@

.venv-lowest/.installed: requirements/lowest.txt
	$(if $(PYTHON),,$(error No Python 3.11 or newer found: name one with make PYTHON=...))
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python $(PIP) install --require-hashes --requirement $<
	.venv-lowest/bin/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# Without looking for what the pins need: `make lock` has left one of those out.
.venv-dbt/.installed: requirements/dbt-development.txt requirements/dbt-dialects.txt .venv/.dependencies
	$(VENV)/python -m venv --clear --without-pip .venv-dbt
	$(UV_PIP) .venv-dbt --no-deps --require-hashes --requirement $< --requirement requirements/dbt-dialects.txt
	@touch $@

# Likewise.
.venv-dagster/.installed .venv-schedulers/.installed: .venv-%/.installed: requirements/%.txt .venv/.dependencies
	$(VENV)/python -m venv --clear --without-pip $(@D)
	$(UV_PIP) $(@D) --no-deps --require-hashes --requirement $<
	@touch $@

.venv-bench-%/.installed: requirements/bench-%.txt .venv/.dependencies
	$(VENV)/python -m venv --clear $(@D)
	$(@D)/bin/python $(PIP) install --require-hashes --requirement $<
	@touch $@

.meltano/.installed: meltano.yml meltano-plugin.yml pyproject.toml requirements/development.txt requirements/target-duckdb.txt requirements/dbt.txt .venv-meltano/.installed
	$(MELTANO) --log-level=warning install tap-acton target-duckdb dbt-duckdb
	@touch $@

# `make run` does not need them.
.meltano/.installed-for-tests: requirements/target-postgres.txt requirements/target-jsonl.txt requirements/target-csv.txt .meltano/.installed
	$(MELTANO) --log-level=warning install target-postgres target-jsonl target-csv
	@touch $@
