# One word for each deed. `make serve` and `make test` need nothing but Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: serve test check format clean

$(VENV)/runs: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/tests: $(VENV)/runs
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

serve: $(VENV)/runs  ## start the server; options: make serve ARGS="--port auto"
	@$(BIN)/besedka serve $(ARGS)

test: $(VENV)/tests  ## the tests, in under three minutes
	$(BIN)/python -m pytest -n 2 -m "not slow"

check: $(VENV)/tests  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/tests  ## rewrite the code as the formatter wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what the other words made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
