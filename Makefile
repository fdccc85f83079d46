# `make` alone shows what there is. A target's description is the comment after `##`.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

BIN := .venv/bin
INSTALLED := .venv/.installed
GENERATED := authz_server/wire/ext_authz_pb2.py authz_server/wire/ext_authz_pb2.pyi
SOURCES := authz_server authzctl tests $(wildcard benchmarks)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-strip-extras --custom-compile-command "make lock"
PROTOC = $(BIN)/python -m grpc_tools.protoc -Iproto --python_out=$(1) --pyi_out=$(1) proto/authz_server/wire/ext_authz.proto
# Processes that run the tests; `make test JOBS=0` runs them in one, where a debugger can stop.
JOBS ?= auto

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

.PHONY: setup
setup: $(INSTALLED) ## Make .venv with everything for development; does nothing when it is up to date

$(INSTALLED): requirements/build.txt requirements/development.txt pyproject.toml
	@python=; \
	for candidate in python3 python3.13 python3.12 python3.11; do \
	    if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        python="$$candidate"; break; \
	    fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "Python 3.11 or newer, with its venv module, is needed, and none was found as python3, python3.13," >&2; \
	    echo "python3.12 or python3.11. On Debian and Ubuntu: apt-get install python3 python3-venv" >&2; \
	    exit 1; \
	fi; \
	if ! $(BIN)/python -c '' 2>/dev/null; then "$$python" -m venv --clear .venv; fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements/development.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: run
run: setup ## Run everything on this machine: Redis, the server, a real Envoy, a sample upstream
	$(BIN)/authz-server dev

# The second gate is silent when it holds, so that pytest's own summary stays the last line.
.PHONY: test
test: setup ## Run all tests, with the coverage gates
	$(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadscope --cov --cov-report=term:skip-covered
	@report=$$($(BIN)/coverage report --show-missing --skip-covered --fail-under=100 \
	    --include='authz_server/core/*,authz_server/authentication/*') \
	    || { echo "$$report"; echo "core and authentication must be covered to 100 %" >&2; exit 1; }

.PHONY: lint
lint: setup ## Check style, types, the direction of imports, and that generated code is current
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	@out=$$(mktemp -d); trap 'rm -r "$$out"' EXIT; $(call PROTOC,"$$out"); \
	for file in $(GENERATED); do \
	    cmp -s "$$file" "$$out/$$file" || { echo "$$file is stale: run make proto" >&2; exit 1; }; \
	done

.PHONY: format
format: setup ## Put the code into the form that make lint asks for
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: bench
bench: setup ## Measure the cost of a check
	$(BIN)/python -m benchmarks

.PHONY: screenshots
screenshots: setup ## Take pictures of every page, in every width and theme, into build/screenshots
	$(BIN)/python -m tests.browser.screenshots

.PHONY: proto
proto: setup ## Generate authz_server/wire from proto/
	$(call PROTOC,.)

.PHONY: lock
lock: setup ## Renew the pinned dependencies in requirements/ (all of them to their newest versions)
	$(COMPILE) --upgrade --extra laptop --group development --output-file requirements/development.txt pyproject.toml
	$(COMPILE) --constraint requirements/development.txt --output-file requirements/runtime.txt pyproject.toml
	$(COMPILE) --constraint requirements/development.txt --output-file requirements/build.txt requirements/build.in
