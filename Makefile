# `make` lists the targets. The others prepare .venv first, once and after each change of the requirements.
#
#     make train ARGS="--cell gru --epochs 3"

VENV := .venv
READY := $(VENV)/.ready
INCOMPLETE := $(VENV)/.incomplete
REQUIREMENTS := requirements.txt requirements-dev.txt
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

# Each candidate is run: a pyenv shim may have no Python behind it, and Debian's Python may lack venv.
SUPPORTED := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
COMPLETE := import pip; $(SUPPORTED)

.DEFAULT_GOAL := help
.PHONY: help setup train test lint bench lab tensorboard

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-12s %s\n", $$1, $$2 }'

setup: $(READY) ## prepare .venv; PYTHON=... chooses the Python (3.11 to 3.13)
	@echo "$(VENV) is ready"

train: $(READY) ## train a sentiment classifier, with flags in ARGS="..."
	@$(VENV)/bin/python train.py sentiment $(ARGS)

test: $(READY) ## run the tests
	@$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

lint: $(READY) ## check style, format, imports between packages, and types
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/mypy

bench: $(READY) ## measure speed and memory, with flags in ARGS="..."
	@$(VENV)/bin/python -m bench $(ARGS)

lab: $(READY) ## run all experiments on what textbooks say, with flags in ARGS="..."
	@$(VENV)/bin/python -m lab all $(ARGS)

tensorboard: $(READY) ## show all runs in a browser
	@$(VENV)/bin/tensorboard --logdir runs $(ARGS)

# seqeval is published as source only and does not build with the legacy method: hence --use-pep517.
# A kill during the installation leaves INCOMPLETE behind, or no pip: then the environment is recreated. An error of
# pip, such as no network, leaves the environment as it was.
$(READY): $(REQUIREMENTS) constraints.txt
	@if [ -e $(INCOMPLETE) ] || ! $(VENV)/bin/python -c '$(COMPLETE)' 2>/dev/null; then \
	  for python in $(PYTHONS) ''; do \
	    if [ -n "$$python" ] && "$$python" -c '$(SUPPORTED)' 2>/dev/null; then break; fi; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo "error: no Python 3.11 to 3.13 (with venv) among: $(PYTHONS); name one: make PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	  fi; \
	  echo "creating $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv --clear --without-pip $(VENV) && touch $(INCOMPLETE) \
	    && $(VENV)/bin/python -m ensurepip --default-pip >/dev/null || exit 1; \
	fi; \
	echo "installing $(REQUIREMENTS) into $(VENV) (a few minutes the first time)"; \
	touch $(INCOMPLETE); \
	if $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --use-pep517 \
	    $(REQUIREMENTS:%=-r %) -c constraints.txt; \
	then rm $(INCOMPLETE); touch $@; \
	else rm $(INCOMPLETE); echo "error: pip failed; see its output above, then run make again" >&2; exit 1; fi
