# Greenmine: what a person types. `make` alone lists it. Needs Python 3.11 or newer, GNU make and git.
#
# Everything is installed into .venv from the locks (versions and hashes pinned); a stamp file in .venv remembers what is
# installed, so a second call starts at once. Another Python: make PYTHON=python3.12 demo

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= auto

PO := $(wildcard greenmine/locale/*/LC_MESSAGES/greenmine.po)
MO := $(PO:.po=.mo)
BUILD := pyproject.toml hatch_build.py

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint lab lock i18n docs bench clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed $(MO) ## install, assess the demo mines, print verdicts and where the reports are
	@$(BIN)/greenmine assess $$(grep -l '^demonstration: true' evidence/*/mine.yaml | cut -d/ -f2)

test: $(VENV)/.installed-dev $(MO) ## run every test, the browser's included, with the coverage gate
	@sh scripts/programs.sh
	@$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term $(ARGS)

lint: $(VENV)/.installed-dev $(MO) ## ruff, mypy, import floors, translations, generated documents
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/i18n.py --check
	$(BIN)/python scripts/make_schemas.py --check

lab: $(VENV)/.installed $(MO) ## open the workbook in JupyterLab
	$(BIN)/greenmine lab

lock: $(VENV)/.installed-dev ## renew requirements.lock and requirements-dev.lock from pyproject.toml (ARGS=--upgrade for newer versions)
	$(BIN)/uv pip compile pyproject.toml --extra build --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet $(ARGS) --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet $(ARGS) --constraints requirements.lock --output-file requirements-dev.lock

i18n: $(VENV)/.installed-dev ## collect the messages from code and templates into the .po, compile it
	$(BIN)/python scripts/i18n.py

docs: $(VENV)/.installed-dev $(MO) ## write the generated documents anew (schemas, screenshots)
	$(BIN)/python scripts/make_schemas.py
	$(BIN)/python scripts/make_screenshots.py

bench: $(VENV)/.installed-dev $(MO) ## run the benchmarks
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

clean: ## remove what was installed and generated; notebooks, parameters, evidence and reports stay
	rm -rf $(VENV) dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -f greenmine/locale/*/LC_MESSAGES/*.mo
	find greenmine tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the environment -------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1)' 2>/dev/null || { \
	  echo "Greenmine needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Install one, or name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
	  echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu it is a package of its own: apt install python3-venv" >&2; exit 1; }

$(VENV)/.installed: requirements.lock $(BUILD) | $(BIN)/python
	@echo "Installing what requirements.lock names (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what requirements-dev.lock names ..."
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@

%.mo: %.po scripts/i18n.py | $(VENV)/.installed
	@$(BIN)/python scripts/i18n.py --compile
