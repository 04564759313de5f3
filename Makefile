# demo and test set up a fresh machine by themselves; they need Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.PHONY: demo test check check-kills check-signals live live-handovers live-others handovers keys setup lint types contracts clean lock

demo: $(STAMP)
	$(BIN)/astroferry demo --no-input

test: $(STAMP)
	$(BIN)/pytest -q -n auto -m "not live and not slow"

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto -m "not live" --cov --cov-report=term:skip-covered
	$(MAKE) -j2 check-kills check-signals

# A process killed while it connects can leave the accepted socket to the collector: no fault of ours.
check-kills: $(STAMP)
	$(BIN)/pytest -q -s -m live -W ignore::pytest.PytestUnraisableExceptionWarning tests/live/test_killed_in_pairs.py

check-signals: $(STAMP)
	$(BIN)/pytest -q -n auto -m live tests/live/test_signals.py tests/live/test_signals_halfway.py

# What needs no Airflow server stands in check. Two lanes side by side, since handovers mostly wait for ticks; make
# waits for both, and fails where either does. What the handovers print (the ledger) comes in one piece at their end.
HANDOVERS := tests/live/test_handover.py tests/live/test_there_and_back.py

live: $(STAMP)
	$(MAKE) -j2 live-handovers live-others

live-handovers: $(STAMP)
	$(BIN)/pytest -q -s --durations=8 -m "live and not long" $(HANDOVERS) > $(VENV)/$@.log 2>&1; \
	    status=$$?; cat $(VENV)/$@.log; exit $$status

live-others: $(STAMP)
	$(BIN)/pytest -q -s --durations=8 -m "live and not long" tests/live tests/contract $(HANDOVERS:%=--ignore=%) \
	    --ignore=tests/live/test_killed_in_pairs.py --ignore=tests/live/test_signals.py \
	    --ignore=tests/live/test_signals_halfway.py

# By hand: a wave of six under faults; every kind between two Airflow 2, and between two Airflow 3, and back.
handovers: $(STAMP)
	$(BIN)/pytest -q -s -m long tests/live

# By hand: five hundred sequences of keys at every stage of the wizard; check tries eight.
keys: $(STAMP)
	ANY_KEYS=500 $(BIN)/pytest -q tests/faces/tui/test_any_keys.py

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'astroferry needs Python 3.11 or newer; set PYTHON=python3.12, say')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check "uv==0.13.9"
	$(BIN)/uv pip sync -q --python $(BIN)/python requirements-dev.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	touch $(STAMP)

# Versions only, no addresses: the index is whatever this machine uses.
lock: $(STAMP)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --extra simulator --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV)
