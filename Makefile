# Two commands matter: `make demo` and `make test`. Both make their own surroundings; docs/operations.md is about the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 8000
PYTHON ?= python3
SAMDRIFT_VAR ?= $(CURDIR)/var
# Folders may have spaces in their names, which make takes for several: outside the tree only recipes name them, and they
# read them from the environment.
export SAMDRIFT_VAR
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
# For what is made from the sources alone: no operator's settings, and no state folder beside the sources.
ALONE := env --unset=DATABASE_URL --unset=SAMDRIFT_ENV_FILE SAMDRIFT_ENV=development
# The pages' own packages; the second list is for tests and the theme.
NPM := npm_config_update_notifier=false PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --no-audit --no-fund --loglevel=error
FLOORS := cmdb monitoring sla servicedesk
SOURCES := $(shell find $(FLOORS) -name '*.py' 2>/dev/null)
STATIC := $(shell find cmdb monitoring sla servicedesk -path '*/static/*' -type f 2>/dev/null)
CATALOGUES := $(shell find cmdb monitoring sla servicedesk -name '*.po' 2>/dev/null)

.PHONY: help demo clean-demo setup setup-dev assets test test-tools kill-and-count lint fix types contracts migrations translations messages check theme lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: export SAMDRIFT_ENV ?= demo
demo: refuse-production $(BIN)/.run node_modules/.run $(BIN)/.compiled collected $(BIN)/.translated ## the whole product with a made-up region on http://127.0.0.1:$(PORT)/
	@exec $(MANAGE) serve --demo --port $(PORT)

.PHONY: refuse-production
refuse-production:
	@if [ "$${SAMDRIFT_ENV:-}" = production ]; then \
	  echo "SAMDRIFT_ENV is production: the demo, whose passwords everybody knows, does not run here." >&2; exit 1; fi

clean-demo: refuse-production ## remove the demo's database and files
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m servicedesk.project.embedded remove "$$SAMDRIFT_VAR"; fi
	@for part in demo-loaded origin serve.json beat beat.bak beat.dat beat.dir beat.db run-folder mail files queue static secrets simulation simulation.json simulation.json.lock postgres; do \
	  rm -rf "$$SAMDRIFT_VAR/$$part"; done

# Packages -----------------------------------------------------------------------------------------------------------

$(BIN)/.uv: requirements/uv.txt
	@test -x $(BIN)/python || { echo "Making the Python environment in $(VENV)"; \
	  $(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ": make PYTHON=python3.12 demo" if sys.version_info < (3, 11) else 0)'; \
	  $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "On Debian: apt-get install python3-venv" >&2; exit 1; }; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/uv.txt \
	  || echo "uv cannot be had here; pip does it, more slowly" >&2
	@touch $@

# One hashed lock into the environment: by uv where it is there, else by pip.
define install
	@echo "Installing the packages of $(1)"
	@if [ -x $(BIN)/uv ]; then VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r $(1); \
	  else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi
endef

$(BIN)/.run: requirements/run.txt $(BIN)/.uv
	$(call install,requirements/run.txt)
	@touch $@

$(BIN)/.dev: requirements/dev.txt $(BIN)/.run
	$(call install,requirements/dev.txt)
	@touch $@

# Node from PyPI where the machine has none (or one older than 18).
$(BIN)/.node: requirements/node.txt $(BIN)/.uv
	@if ! node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null || ! command -v npm >/dev/null; then \
	  if [ -x $(BIN)/uv ]; then VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements/node.txt; \
	  else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt; fi; fi
	@touch $@

node_modules/.run: package-lock.json package.json $(BIN)/.node
	@if [ -e node_modules/.dev ] && [ node_modules/.dev -nt package-lock.json ]; then :; else \
	  echo "Fetching the pages' packages"; $(NPM) --omit=dev; fi
	@touch $@

node_modules/.dev: package-lock.json package.json $(BIN)/.node
	@echo "Fetching the pages' packages, and the tests'"
	@$(NPM)
	@touch $@ node_modules/.run

setup: $(BIN)/.run node_modules/.run $(BIN)/.compiled $(BIN)/.translated ## packages for running
setup-dev: $(BIN)/.dev node_modules/.dev ## packages for running and developing

# What is made from the sources -------------------------------------------------------------------------------------

.PHONY: collected
collected: $(BIN)/.run node_modules/.run
	@stamp="$$SAMDRIFT_VAR/static/.collected"; \
	if [ ! -e "$$stamp" ] || [ -n "$$(find $(BIN)/.run node_modules/.run cmdb/common/assets.py $(STATIC) -newer "$$stamp" -print -quit)" ]; then \
	  $(MANAGE) collectstatic --noinput --clear --verbosity=0; touch "$$stamp"; fi

# Compiled here and not by the first process that needs it: uv leaves that out, and where PYTHONDONTWRITEBYTECODE is set
# (containers like to) every start would compile everything again, which takes three times as long as all the rest of it.
$(BIN)/.compiled: $(BIN)/.run $(SOURCES)
	@$(BIN)/python -m compileall -q $(FLOORS)
	@touch $@

$(BIN)/.translated: $(BIN)/.run $(CATALOGUES)
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; $(ALONE) SAMDRIFT_VAR="$$made" $(MANAGE) compile_translations >/dev/null
	@touch $@

assets: $(BIN)/.run node_modules/.run ## collect the static files
	@$(MANAGE) collectstatic --noinput --clear --verbosity=1

messages: $(BIN)/.dev ## write new texts into the catalogues (needs gettext)
	@for floor in cmdb monitoring sla servicedesk; do mkdir -p $$floor/locale; \
	  (cd $$floor && ../$(BIN)/python ../manage.py makemessages --locale nb --locale nn --locale en --no-obsolete --add-location file); done

theme: node_modules/.dev ## make the theme anew from cmdb/common/theme/designsystemet.config.json (needs Node 22)
	cd cmdb/common/theme && npx --prefix ../../.. designsystemet tokens create && npx --prefix ../../.. designsystemet tokens build

lock: $(BIN)/.uv ## pin the packages of requirements/*.in and package.json anew
	@for name in uv node run; do $(BIN)/uv pip compile requirements/$$name.in -o requirements/$$name.txt $(COMPILE); done
	@$(BIN)/uv pip compile requirements/dev.in -c requirements/run.txt -o requirements/dev.txt $(COMPILE)
COMPILE := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

# Tests ---------------------------------------------------------------------------------------------------------------

# A browser and a real SNMP agent make the suite complete; without them those tests are skipped.
test-tools:
	@missing=""; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v snmpd >/dev/null || missing="$$missing snmpd"; \
	command -v snmpget >/dev/null || missing="$$missing snmp"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing$$missing"; \
	  { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null 2>&1 \
	    || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }; } \
	  || echo "These cannot be had, their tests are skipped:$$missing" >&2; fi

test: $(BIN)/.dev $(BIN)/.compiled node_modules/.dev test-tools ## the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

# Needs minutes and, for the brokers, redis-server and rabbitmq-server; a short version is in the suite.
kill-and-count: $(BIN)/.dev $(BIN)/.compiled ## kill every part under load, count what was acknowledged (BROKER=file, redis or rabbitmq)
	@$(BIN)/python -m tests.kill --broker $(or $(BROKER),file) $(ARGS)

lint: $(BIN)/.dev ## style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

fix: $(BIN)/.dev ## mend style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(BIN)/.dev ## types
	@$(BIN)/mypy

contracts: $(BIN)/.dev ## who may import whom
	@$(BIN)/lint-imports --no-cache

migrations: $(BIN)/.dev ## no model differs from its migrations
	@$(MANAGE) makemigrations --check --dry-run

translations: $(BIN)/.dev ## no text is missing, empty or unsure in a catalogue
	@$(MANAGE) check_translations

check: lint types contracts migrations translations ## everything but the tests

clean: ## remove everything that was made, var/ and the demo too
	@$(MAKE) clean-demo
	@if [ -x $(BIN)/python ]; then for slot in var/test/*/; do [ -d "$$slot" ] && $(BIN)/python -m servicedesk.project.embedded remove "$$slot"; done; fi; true
	@find $(FLOORS) tests -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf $(VENV) node_modules var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
