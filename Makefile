# make lab    set everything up and open JupyterLab on the demo notebook
# make test   set everything up and run every test there is
# make docs   build the documentation into docs/_build
# make test-lowest   run the tests with the lowest versions that pyproject.toml allows
#
# Set-up steps leave a stamp in .make/, so that a second call does only what changed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
# many containers set it, and then each process of the tests compiles the package anew
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
PORT ?=
BROWSER ?= 1
MODEL ?=

BIN := .venv/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH"
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
FRONTEND := $(shell find src labextension/schema labextension/style -type f 2>/dev/null) package.json tsconfig.json
say = @printf '\033[1m%s\033[0m\n' "$(1)"

.PHONY: lab test test-lowest setup setup-test lint lint-python lint-typescript types
.PHONY: tests python-tests typescript-tests browser-tests protocol format clean docs

lab: setup
	@$(RUN) jupyter codeact lab binder/demos/start-here.ipynb \
	    $(if $(PORT),--port $(PORT)) $(if $(MODEL),--model $(MODEL)) $(if $(filter 0,$(BROWSER)),--no-browser)

# two at a time: what needs Node.js only is checked while Python's packages are installed
test:
	@$(MAKE) --no-print-directory --jobs=2 setup-test lint types typescript-tests
	@$(MAKE) --no-print-directory tests

setup: .make/installed .make/frontend

.make/venv:
	$(call say,Making a virtual environment in .venv)
	@mkdir -p .make
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "jupyter-codeact needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Call make with PYTHON=/path/to/python3.")'
	@$(PYTHON) -m venv .venv
	@$(PIP) "jupyter-builder>=1.2.0,<2"
	@touch $@

.make/npm: package.json package-lock.json
	$(call say,Installing the packages that the frontend is built with)
	@mkdir -p .make
	@command -v npm >/dev/null || { echo "npm is missing. Install Node.js 20 or newer, which brings it, and call make again."; exit 1; }
	@npm ci --no-progress --loglevel=error
	@touch $@

.make/frontend: .make/venv .make/npm $(FRONTEND)
	$(call say,Building the JupyterLab extension)
	@$(RUN) npm run --silent build
	@touch $@

.make/installed: .make/frontend-once pyproject.toml jupyter-config/jupyter_codeact.json
	$(call say,Installing JupyterLab and jupyter-codeact (a minute or two the first time))
	@SKIP_JUPYTER_BUILDER=1 $(PIP) -e '.[lab,local,demos]'
	@$(RUN) jupyter-builder develop --overwrite . >/dev/null
	@touch $@

# the package ships the built extension, so it can be installed once that is there, however old
.make/frontend-once: | .make/frontend
	@touch $@

setup-test: .make/frontend .make/installed-test .make/chromium .make/models

.make/installed-test: .make/frontend-once pyproject.toml jupyter-config/jupyter_codeact.json
	$(call say,Installing what the tests need)
	@SKIP_JUPYTER_BUILDER=1 $(PIP) -e '.[lab,local,demos,test]'
	@$(RUN) jupyter-builder develop --overwrite . >/dev/null
	@touch $@

.make/chromium:
	@mkdir -p .make
	@if [ -x /usr/bin/chromium ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    printf '\033[1mInstalling Chromium for the browser tests\033[0m\n'; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	else echo "The browser tests need /usr/bin/chromium. Install it (on Debian: apt-get install chromium) and call make test again."; exit 1; fi
	@touch $@

.make/models: .make/installed-test
	$(call say,Getting the models that the tests use)
	@$(RUN) jupyter codeact models pull smollm2-135m
	@$(RUN) jupyter codeact models pull qwen2.5-coder-1.5b
	@touch $@

lint: lint-typescript lint-python

lint-python: .make/installed-test
	$(call say,Lint: Python)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

lint-typescript: .make/npm
	$(call say,Lint: TypeScript)
	@npm run --silent lint

types: .make/installed-test
	$(call say,Types)
	@$(BIN)/mypy

typescript-tests: .make/npm
	$(call say,TypeScript tests)
	@npm test --silent

# side by side, three on two cores, as most wait for a kernel, a server or a page; tests/conftest.py says which, and
# in which order
tests:
	$(call say,Python and browser tests)
	@$(RUN) python -m pytest -n 3

python-tests:
	$(call say,Python tests)
	@$(RUN) python -m pytest -n 3 --ignore=tests/ui

browser-tests:
	$(call say,Browser tests)
	@$(RUN) python -m pytest tests/ui

# What the package needs is as old as pyproject.toml allows, what only the tests need is new. Tests of other programs,
# of PyTorch and with real models are left out. Old versions warn of what newer ones have settled: no error here, and
# not among what a kernel writes.
LOWEST := .venv-lowest/bin
LOWEST_TESTS ?= tests/agent tests/cli tests/journal tests/notebooks tests/server tests/shell tests/ui \
    tests/models/test_client.py tests/models/test_endpoints.py tests/models/test_extras.py
TEST_TOOLS := hypothesis jupyter_kernel_gateway papermill pexpect playwright pytest pytest-asyncio \
    "pytest-jupyter[server]" pytest-xdist "jupyter-builder>=1.2.0,<2" matplotlib palmerpenguins pandas scikit-learn

test-lowest: .make/lowest .make/frontend .make/chromium
	$(call say,Tests with the lowest versions)
	@PATH="$(CURDIR)/$(LOWEST):$$PATH" PYDEVD_DISABLE_FILE_VALIDATION=1 python -m pytest -n 3 -W default -m "not model" $(LOWEST_TESTS)

.make/lowest: .make/frontend-once pyproject.toml
	$(call say,Installing the lowest versions in .venv-lowest)
	@$(PYTHON) -m venv --clear .venv-lowest
	@$(LOWEST)/python -m pip install --quiet --disable-pip-version-check uv
	@$(LOWEST)/uv pip compile --quiet --resolution lowest-direct --extra lab --extra local --extra mcp --extra widgets \
	    --python $(LOWEST)/python pyproject.toml --output-file .make/lowest.txt
	@$(LOWEST)/uv pip install --quiet --python $(LOWEST)/python -r .make/lowest.txt $(TEST_TOOLS)
	@SKIP_JUPYTER_BUILDER=1 $(LOWEST)/uv pip install --quiet --python $(LOWEST)/python --no-deps -e .
	@PATH="$(CURDIR)/$(LOWEST):$$PATH" jupyter-builder develop --overwrite . >/dev/null
	@touch $@

docs: .make/installed
	$(call say,Building the documentation)
	@$(PIP) -e '.[docs]'
	@$(RUN) python -m sphinx -b html -W --keep-going -q docs docs/_build

# not after setup, which builds the page: it may need the new messages
protocol: .make/npm
	@[ -e .make/installed ] || $(MAKE) setup
	@$(RUN) npm run --silent protocol

format:
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format .
	@npx prettier --write --log-level=warn "src/**/*.{ts,tsx}" "labextension/{schema,style}/**/*.{css,json,js}" "*.{json,js,cjs,mjs}"

clean:
	rm -rf .make .venv .venv-lowest node_modules lib labextension/dist dist tsconfig.tsbuildinfo
