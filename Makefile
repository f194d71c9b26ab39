# `make` lists what there is. `make train` and `make test` also prepare .venv, once and after a requirement changed.
#
#     make train ARGS="--cell gru --epochs 3"

VENV := .venv
READY := $(VENV)/.ready
HALF := $(VENV)/.half-installed
REQUIREMENTS := requirements.txt requirements-dev.txt
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

# Tried by running it: a pyenv shim is there and still does not run, and Debian's Python may lack venv.
FITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
WHOLE := import pip; $(FITS)

.DEFAULT_GOAL := help
.PHONY: help setup train test lint bench tensorboard

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-12s %s\n", $$1, $$2 }'

setup: $(READY) ## prepare .venv alone; PYTHON=... chooses the Python (3.11 to 3.13)
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

tensorboard: $(READY) ## show all runs in a browser
	@$(VENV)/bin/tensorboard --logdir runs $(ARGS)

# seqeval comes as source alone, whose old way of being built is broken: hence --use-pep517.
# A kill in the middle leaves HALF behind, or no pip: then the environment is made anew. An error of pip, such as no
# network, leaves what was there before.
$(READY): $(REQUIREMENTS) constraints.txt
	@if [ -e $(HALF) ] || ! $(VENV)/bin/python -c '$(WHOLE)' 2>/dev/null; then \
	  for python in $(PYTHONS) ''; do \
	    if [ -n "$$python" ] && "$$python" -c '$(FITS)' 2>/dev/null; then break; fi; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo "error: no Python 3.11 to 3.13 (with venv) among: $(PYTHONS); name one: make PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	  fi; \
	  echo "making $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv --clear --without-pip $(VENV) && touch $(HALF) \
	    && $(VENV)/bin/python -m ensurepip --default-pip >/dev/null || exit 1; \
	fi; \
	echo "installing what $(REQUIREMENTS) name into $(VENV) (a few minutes the first time)"; \
	touch $(HALF); \
	if $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --use-pep517 \
	    $(REQUIREMENTS:%=-r %) -c constraints.txt; \
	then rm $(HALF); touch $@; \
	else rm $(HALF); echo "error: pip could not install; read its lines above, then run make again" >&2; exit 1; fi
