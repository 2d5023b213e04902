# The virtual environment is .venv; every target makes what it needs first.
PYTHON ?= python3
PY := .venv/bin/python
RUN_FLAGS ?=

.PHONY: run test check test-deploy demo agent bench faults lock package clean

run: .venv/ready  ## the whole path on this machine; Ctrl-C stops and delivers what is buffered
	@$(PY) -m headgate local $(RUN_FLAGS)

test: .venv/ready  ## all tests, on two cores; those that measure time afterwards
	@$(PY) -m pytest -q -n 2 --dist loadfile -m "not alone" $(TEST_FLAGS)
	@$(PY) -m pytest -q -m alone $(TEST_FLAGS)

check: .venv/ready  ## ruff, mypy, import directions, generated docs, the template gate
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@$(PY) -m pytest -q tests/unit/test_architecture.py
	@$(PY) -m tools.docs --check
	@$(PY) -m tools.gate

test-deploy: .venv/ready  ## both ways to deploy, on ministack in its own environment
	@$(PY) -m tests.infra.deploy_proof

demo: .venv/ready  ## real log lines through the whole path, with a reconciliation
	@$(PY) -m headgate demo

package: .venv/ready  ## the Lambda zip and the template of STAGE (default prod) in out/
	@$(PY) -m headgate infra package --stage $(or $(STAGE),prod) --out out

agent: .venv/ready  ## agent.pyz, one file that runs on a bare Python
	@$(PY) -m headgate.agent.build agent.pyz

bench: .venv/ready build/bench/ready  ## ratios against peers, all measured in one run
	@$(PY) -m bench $(BENCH_FLAGS)

faults: .venv/ready  ## thousands of random schedules of faults
	@$(PY) -m tests.faults --schedules 3000 --live 100 $(FAULTS_FLAGS)

lock: .venv/ready  ## every requirements.txt from its requirements.in
	@.venv/bin/pip install --quiet uv==0.13.8
	@for in in requirements-dev.in tools/gate/requirements.in \
	    tests/infra/deploy_proof/requirements.in tests/infra/deploy_proof/runtime-requirements.in; do \
	    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-emit-index-url \
	        $$in -o $${in%.in}.txt; done

build/bench/ready: bench/requirements.txt
	@echo "Installing the peers of the benchmarks into build/bench (once)..."
	@test -x build/bench/bin/python || $(PYTHON) -m venv build/bench
	@build/bench/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	@touch $@

clean:
	rm -rf .venv .local out build .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/ready: requirements-dev.txt requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headgate needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv (once)..."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
