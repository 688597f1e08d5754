# make run: everything that is needed, then the daemon.   make test: the same, then the tests.
# Options for the daemon: make run ARGS="--preset satb"

VENV := .venv
BIN := $(VENV)/bin
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c '$(FITS)' >/dev/null 2>&1 && echo $$p && break; done)
ARGS ?=

.PHONY: run test check docs bench clean

run: $(VENV)/installed
	@$(BIN)/continuo run $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/pytest $(ARGS)

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A link or an anchor that leads nowhere ends it. The site: build/site/index.html
docs: $(VENV)/installed-dev
	$(BIN)/zensical build --strict --config-file mkdocs.yml

bench: $(VENV)/installed
	$(BIN)/continuo bench latency

clean:
	rm -rf $(VENV) build dist

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Continuo needs Python 3.11 or 3.12. Install one, or: make PYTHON=/path/to/python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# What `run` plays without options is compiled here, so that its first start is as quick as the others.
$(VENV)/installed: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/python -c "from models.rules import harmony; harmony.warm()"
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -c "from models.rules import orchestra, reduction; orchestra.warm(); reduction.warm()"
	@touch $@
