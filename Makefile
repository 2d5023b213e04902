# The virtual environment is .venv; every target makes what it needs first: `make run` what the local run and the commands
# need, the others also what the tests need.
PYTHON ?= python3
PY := .venv/bin/python
RUN_FLAGS ?=
UV := $(shell command -v uv 2>/dev/null)

.PHONY: help run test unit check format coverage columnar test-deploy demo agent bench faults lock package clean

run: .venv/run-ready  ## the whole path on this machine; Ctrl-C stops and delivers what is buffered
	@$(PY) -m headgate local $(RUN_FLAGS)

help:  ## this list
	@awk -F ':.*  ## ' '/^[a-z][a-z-]*:.*  ## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

test: .venv/ready  ## all tests, on two cores; those that measure time afterwards
	@$(PY) -m pytest -q -n 2 --dist loadfile -m "not alone" $(COVER) $(TEST_FLAGS)
	@$(PY) -m pytest -q -m alone $(TEST_FLAGS)

unit: .venv/ready  ## the tests without disk, clock and network
	@$(PY) -m pytest -q -n 2 --dist loadfile tests/unit $(TEST_FLAGS)

check: .venv/ready  ## ruff, mypy, import directions, dead code, generated docs, the template gate
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/vulture
	@$(PY) -m pytest -q tests/unit/test_architecture.py tests/unit/test_house.py
	@$(PY) -m tools.docs --check
	@$(PY) -m tools.gate

format: .venv/ready  ## what ruff can mend by itself
	@.venv/bin/ruff check --fix-only .
	@.venv/bin/ruff format .

coverage: .venv/ready  ## `make test`, measured in every process, with a floor (pyproject.toml)
	@.venv/bin/coverage erase
	@$(MAKE) --no-print-directory test COVER="--cov --cov-report="
	@.venv/bin/coverage report

columnar: .venv/run-ready  ## what a stage with Parquet or ORC needs besides (170 MB)
	$(call install,-r requirements-columnar.txt)

test-deploy: .venv/ready  ## both ways to deploy, on ministack in its own environment
	@$(PY) -m tests.infra.deploy_proof

demo: .venv/run-ready  ## real log lines through the whole path, with a reconciliation
	@$(PY) -m headgate demo

package: .venv/run-ready  ## the Lambda zip and the template of STAGE (default prod) in out/
	@$(PY) -m headgate infra package --stage $(or $(STAGE),prod) --out out

agent: .venv/run-ready  ## agent.pyz, one file that runs on a bare Python
	@$(PY) -m headgate.agent.build agent.pyz

bench: .venv/ready build/bench/ready  ## ratios against peers, all measured in one run
	@$(PY) -m bench $(BENCH_FLAGS)

faults: .venv/ready  ## thousands of random schedules of faults
	@$(PY) -m tests.faults --schedules 3000 --live 100 $(FAULTS_FLAGS)

lock: .venv/ready  ## every requirements.txt from its requirements.in
	@.venv/bin/pip install --quiet uv==0.13.8
	@for in in requirements-run.in requirements-columnar.in requirements-dev.in tools/gate/requirements.in \
	    tests/infra/deploy_proof/requirements.in tests/infra/deploy_proof/runtime-requirements.in; do \
	    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url \
	        $$in -o $${in%.in}.txt; done

build/bench/ready: bench/requirements.txt
	@echo "Installing the peers of the benchmarks into build/bench (once)..."
	@test -x build/bench/bin/python || $(PYTHON) -m venv build/bench
	@build/bench/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	@touch $@

clean:  ## away with everything that a target made
	rm -rf .venv .local out build .mypy_cache .pytest_cache .ruff_cache .hypothesis

# uv where it is there and finds the packages, pip otherwise.
define install
	@$(if $(UV),$(UV) pip install --quiet --python $(PY) $(1) 2>/dev/null || )$(PY) -m pip install --quiet --no-compile --disable-pip-version-check $(1)
endef

.venv/run-ready: requirements-run.txt requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headgate needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv (once)..."
	$(call install,-r requirements-run.txt)
	$(call install,--no-deps --no-build-isolation -e .)
	@touch $@

.venv/ready: requirements-dev.txt .venv/run-ready
	@echo "Installing what the tests need into .venv (once)..."
	$(call install,-r requirements-dev.txt)
	@touch $@
