# Every target prepares what it needs, on a machine that has Python 3.11 or newer and make.
#   make demo     shows the daemon at work, on throw-away servers
#   make test     runs every test but the campaigns; ARGS="tests/unit -k threads" runs some
#   make test-databases   runs what opens a database on SQLite, PostgreSQL and MariaDB, which takes an hour
#   make campaigns  runs the short form of every campaign
#   make check    formatting, lint, types, architecture, generated files
#   make bench    measures ingest, and fails if it is wrong; ARGS="--runs 1", --peer, --write, --compare
#                 python -m benchmarks.latency, .growth, .memory, .idle, .simulate measure the rest
#   make torture  runs all campaigns, for hours; ARGS=--short in minutes, ARGS=--write keeps the report
#   make coverage  shows what no test executes of the decisions and the queues; fails unless all is
#   make mutation  makes small mistakes and counts those that a test notices; ARGS="--sample 0" all
#   make controls  takes each control of the security register out, and fails if no test notices
#   make proof    does each step of the Dockerfile, and of the service, on bare Debians; as root, in ten minutes
#   make lock     writes requirements/*.txt anew from pyproject.toml; ARGS=--upgrade takes newer versions
CAMPAIGNS := kill-campaign second-client-campaign old-mailbox-campaign restore-campaign latency-campaign rush-campaign conversations-campaign races-campaign timed-kill-campaign faults-campaign two-daemons-campaign outages-campaign loops-campaign flood-campaign spoofs-campaign poison-campaign model-campaign
.DEFAULT_GOAL := help
.PHONY: help demo bench test test-databases campaigns check format generate lock wheel torture coverage mutation controls proof $(CAMPAIGNS) servers clean

BIN := .venv/bin
READY := .venv/.ready
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header --no-annotate $(ARGS)

export VIRTUAL_ENV := $(CURDIR)/.venv
# The interpreter that is there is the one to use; another would come from somebody's server.
export UV_PYTHON_DOWNLOADS := never

help:
	@sed -n 's/^#   //p' Makefile

.venv/.uv: requirements/uv.txt .ci/setup
	@.ci/setup venv
	@touch $@

$(READY): .venv/.uv requirements/test.txt pyproject.toml
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements/test.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

servers:
	@.ci/setup servers

demo: $(READY)
	@$(BIN)/maildaemon demo $(ARGS)

test: $(READY) servers
	@.ci/tests -n 3 --dist worksteal -m "not campaign" $(ARGS)

campaigns: $(READY) servers
	@.ci/tests -n 3 --dist worksteal -m campaign $(ARGS)

test-databases: $(READY) servers
	@.ci/tests -n 3 --dist worksteal --every-database tests/service tests/contract tests/migrations $(ARGS)

bench: $(READY) servers
	@$(BIN)/python -m benchmarks $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/architecture

format: $(READY)
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

generate: $(READY)
	@$(BIN)/python -c 'from maildaemon.settings import example; print(example(), end="")' \
	  >config/maildaemon.example.yaml
	@$(BIN)/python -c 'from maildaemon.settings import reference; print(reference(), end="")' \
	  >docs/configuration.md

lock: .venv/.uv
	$(LOCK) --group uv -o requirements/uv.txt
	$(LOCK) --group build -o requirements/build.txt
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) pyproject.toml --extra postgres -o requirements/postgres.txt
	$(LOCK) pyproject.toml --extra mariadb -o requirements/mariadb.txt
	$(LOCK) pyproject.toml --extra demo --extra postgres --extra mariadb --group test -o requirements/test.txt

wheel: $(READY)
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --out-dir dist

# What a server's database does otherwise is another adapter's: these run on SQLite, by their names
# (a marker of a server's database is on tests that run on SQLite, too).
coverage: $(READY)
	@rm -f .coverage .coverage.*
	@MEASURED=1 .ci/tests -n 3 --dist worksteal -m "not campaign and not timed" \
	  -k "not [postgresql and not [mariadb" --timeout 600 --junitxml=.test-times.xml $(ARGS) \
	  tests/unit tests/properties tests/service tests/contract/test_store.py tests/contract/test_outbox.py
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

mutation: $(READY)
	@PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/.venv/.compiled \
	  $(BIN)/python -m tests.mutation $(ARGS)

PROOF ?= /var/tmp/maildaemon-proof
proof: $(READY) servers
	@.ci/setup machines
	@$(BIN)/python -m tests.install.dockerfile --root $(PROOF)/image
	@$(BIN)/python -m tests.install.systemd --root $(PROOF)/service

controls: $(READY) servers
	@$(BIN)/python -m tests.security.controls $(ARGS)

torture: $(READY) servers
	@$(BIN)/python -m tests.campaigns.torture $(ARGS)

$(CAMPAIGNS): $(READY) servers
	@$(BIN)/python -m tests.campaigns.$(subst -,_,$(@:-campaign=)) $(ARGS)

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
