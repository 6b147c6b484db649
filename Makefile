# `make help` lists the targets. Needs make and Python 3.11, 3.12 or 3.13; everything else is fetched into .venv/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Without bytecode TensorFlow takes three times as long to import; a foreign path would pick foreign packages and kernels.
unexport PYTHONPATH PYTHONDONTWRITEBYTECODE JUPYTER_PATH
export JUPYTER_PREFER_ENV_PATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help env book execute smoke test serve lab edit lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

env: $(READY) ## make the environment in .venv/ from the hashed requirements.txt

# The first Python 3.11-3.13 that really starts (PYTHON=... chooses another).
$(READY): requirements.txt pyproject.toml
	@python=; for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	  if $$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then python=$$p; break; fi; done; \
	if [ -z "$$python" ]; then echo "This book needs Python 3.11, 3.12 or 3.13 with venv; none was found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; fi; \
	echo "Making the environment in $(VENV)/ with $$($$python --version) (a few minutes, once)"; \
	[ -x $(BIN)/python ] || $$python -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m gru_book.environment
	@touch $@

book: env ## execute what is stale, build the site, say where it is
	@$(BIN)/gru-book execute
	@$(BIN)/gru-book site

execute: env ## execute every page anew with its published parameters
	@$(BIN)/gru-book execute --all

smoke: env ## run every page in seconds (profile `smoke`), into _runs/smoke/
	@$(BIN)/gru-book smoke

test: env ## unit, notebook and site tests on all cores, at most 4 (finds or installs a browser first)
	@$(BIN)/python tools/browser.py
	@$(BIN)/python -m pytest -n $(or $(JOBS),logical) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

serve: env ## what `make book` does, then the site on http://127.0.0.1:8000 (PORT=... chooses another)
	@$(BIN)/gru-book serve $(if $(PORT),'$(PORT)')

lab: env ## JupyterLab on a scratch copy of the notebooks (the source stays as it is)
	@$(BIN)/gru-book lab

edit: env ## JupyterLab on the real notebooks: saving one updates its manuscript in book/
	@$(BIN)/gru-book lab --edit

lock: ## compile requirements.txt from pyproject.toml, LOCK=--upgrade for new versions (needs uv)
	uv pip compile pyproject.toml --extra tensorflow --extra book --extra test --universal --fork-strategy fewest \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate $(LOCK) --quiet -o requirements.txt

clean: ## remove what is built: _build/, _runs/ and the environment
	rm -rf _build _runs $(VENV)
