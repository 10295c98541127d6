# One word for each deed. `make serve` and `make test` need nothing but Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
ROUNDS ?= 100
SEEDS ?= 2000
# More than the cores of a small machine: many tests wait for a program that they started.
WORKERS ?= 5

# The tests start the program some three hundred times. Where the environment forbids Python to keep what it has compiled,
# each start compiles all of it again, and so does every run the tests themselves: a third of the time.
test test-long coverage sim crash: export PYTHONDONTWRITEBYTECODE =

.PHONY: serve test clients test-long coverage check sim crash bench bench-irc bench-search bench-backup bench-retention format clean

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
	@# In a fresh clone the tests are compiled once, and not by each worker for itself.
	@test -d tests/unit/__pycache__ || $(BIN)/python -m pytest --collect-only -q >/dev/null
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow and not clients"

$(VENV)/clients: $(VENV)/tests
	$(BIN)/pip install --quiet -c constraints.txt -e '.[clients]'
	@touch $@

clients: $(VENV)/clients  ## WeeChat, irssi, nc, and a bot library, each a person in one room; they must be installed
	$(BIN)/python -m pytest -m clients tests/clients

test-long: $(VENV)/tests  ## more seeds, more kills, and the coverage floor; what CI runs
	$(BIN)/python -m pytest -n 2 -m slow
	$(MAKE) coverage

coverage: $(VENV)/tests  ## branch coverage of chat, wire and hub; fails under 95 %
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -p no:cacheprovider tests/unit tests/contracts tests/sim -m "not slow and not clients"
	$(BIN)/coverage report --include='src/besedka/chat/*,src/besedka/wire/*,src/besedka/hub/*' --fail-under=95

sim: $(VENV)/tests  ## the simulator from SEEDS more seeds: make sim SEEDS=10000
	SEEDS=$(SEEDS) $(BIN)/python -m pytest -n 2 -m slow tests/sim

crash: $(VENV)/tests  ## kill a busy server and cut its power, each ROUNDS times: make crash ROUNDS=500
	BESEDKA_CRASH_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest tests/crash/test_rounds.py -n 2 -m "not slow and not clients"

bench: $(VENV)/runs  ## deliveries, joins, idle memory, starting; see docs/PERFORMANCE.md
	$(BIN)/besedka bench $(ARGS)

bench-search: $(VENV)/runs  ## words found among a million messages, and what indexing costs: make bench-search ARGS="--messages 100000"
	$(BIN)/besedka bench search $(ARGS)

bench-irc: $(VENV)/runs  ## the IRC door beside ngIRCd (Debian package ngircd) in the same run: CPU, joins, memory
	$(BIN)/besedka bench irc $(ARGS)

check: $(VENV)/tests  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench-backup: $(VENV)/runs  ## backups of a million messages while a hundred people talk: speed, and who waits
	$(BIN)/besedka bench backup $(ARGS)

bench-retention: $(VENV)/runs  ## a large past is forgotten while a hundred people talk: who waits, and what it costs
	$(BIN)/besedka bench retention $(ARGS)

format: $(VENV)/tests  ## rewrite the code as the formatter wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what the other words made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -prune -exec rm -rf {} +
