# Causal Eval Bench. `make help` lists what can be made. Needs Python >= 3.11, make and a package index; nothing else.
#
# Everything is installed from requirements/*.txt with its hash checked: uv itself into .tools/ (by pip), the rest
# into .venv/ (by uv). Stamp files make a second `make run` start at once. Nothing outside this folder is written,
# but for caches of the package tools.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# ---- what can be set on the command line -------------------------------------------------------------------------
MODEL ?= local/gemma-3-270m
N ?= 60
SEED ?=
# Three on two cores: half of a test of servers is waiting.
JOBS ?= 3
PYTEST_ARGS ?=

# ---- the command of `make run` ------------------------------------------------------------------------------------
BESIDE := baseline/majority baseline/association baseline/random baseline/oracle
RUN = .venv/bin/causal-eval eval --model $(MODEL) $(foreach b,$(BESIDE),--model $(b)) --limit $(N) $(if $(SEED),--seed $(SEED))

# uv reads no pip settings, and none of its own that would change what is installed; it never fetches a Python.
unexport PIP_FIND_LINKS PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV PYTHONPATH PYTHONHOME VIRTUAL_ENV
# What is installed has its byte code, so that every start but the first is quick.
unexport PYTHONDONTWRITEBYTECODE
unexport UV_FIND_LINKS UV_SYSTEM_PYTHON UV_PROJECT_ENVIRONMENT UV_PYTHON
export UV_PYTHON_DOWNLOADS := never
export UV_NO_CONFIG := 1
export UV_NO_PROGRESS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

UV := .tools/bin/uv
INSTALL = $(UV) pip install --quiet --python .venv/bin/python
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --no-annotate $(UPGRADE)
PYTEST = .venv/bin/python -m pytest $(PYTEST_ARGS)

.PHONY: help run demo setup test test-fast test-full test-containers lint format lock upgrade oracles docs build clean health logs-app logs-db shell-db shell docker rollback restart scale stats backup restore verify drill gameday status

help:  ## list the targets
	@echo "make <target> [MODEL=$(MODEL)] [N=$(N)] [SEED=...] [JOBS=$(JOBS)] [PYTEST_ARGS=...]"; echo
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r t d; do printf '  %-10s %s\n' "$$t" "$$d"; done
	@echo; echo "MODEL: local/gemma-3-270m (default), local/<file.gguf>, openai/<name>, anthropic/<name>, google/<name>, ollama/<name> ... (docs/reference/providers.md)"
	@echo "SEED: of the questions and their order; without it today's date, so the same command on the same day goes on"

run: .venv/.local  ## evaluate a real language model (MODEL) on N fresh questions, and write a report
	@$(RUN)

demo: .venv/.local  ## two scripted answerers with known skill, compared; no model, no key, no network
	@.venv/bin/causal-eval demo

setup: .venv/.dev .venv/.debian  ## install everything that developing and testing needs

test: .venv/.dev .venv/.debian  ## everything that a change must pass: gates (ruff, mypy, import contracts), tests, installed product
	@$(PYTEST) -n $(JOBS) --dist loadfile -m "not full"

test-fast: .venv/.dev .venv/.debian  ## the same without what is slow: under two minutes
	@$(PYTEST) -n $(JOBS) --dist loadfile -m "not slow and not full"

test-full: .venv/.dev .venv/.debian  ## the same with the large samples
	@$(PYTEST) -n $(JOBS) --dist loadfile

test-containers: .venv/.dev  ## docker-compose.yml for real, on an engine of its own (Linux, root; says why where it cannot)
	@bash tests/containers/run.sh $(PYTEST_ARGS)

lint: .venv/.dev  ## ruff, mypy --strict and the import contracts, with their full output
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: .venv/.dev  ## put the code into the one format
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

lock: $(UV)  ## write requirements/*.txt anew from pyproject.toml, keeping versions that still fit
	@$(COMPILE) --no-strip-extras requirements/uv.in -o requirements/uv.txt
	@$(COMPILE) requirements/build.in -o requirements/build.txt
	@$(COMPILE) requirements/oracles.in -o requirements/oracles.txt
	@$(COMPILE) pyproject.toml --all-extras --group dev -o requirements/dev.txt
	@$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/core.txt
	@$(COMPILE) pyproject.toml --extra parquet -c requirements/dev.txt -o requirements/parquet.txt
	@$(COMPILE) pyproject.toml --extra local --extra fast --extra prices -c requirements/dev.txt -o requirements/local.txt
	@$(COMPILE) pyproject.toml --extra service --extra fast --extra prices --extra traces -c requirements/dev.txt -o requirements/service.txt
	@$(COMPILE) pyproject.toml --all-extras -c requirements/dev.txt -o requirements/all.txt

upgrade: UPGRADE := --upgrade
upgrade: lock  ## the same, taking the newest versions that pyproject.toml allows

oracles: $(UV)  ## ask dowhy, pgmpy, causal-learn and y0 the fixed cases again (900 MB, in a venv of their own)
	@$(UV) venv --quiet --clear --python .tools/bin/python .venv-oracles
	@$(UV) pip install --quiet --python .venv-oracles/bin/python --require-hashes -r requirements/oracles.txt
	@PYTHONHASHSEED=0 PYTHONPATH=src:. .venv-oracles/bin/python -m tests.causal.oracles.freeze

build: .venv/.dev  ## wheel and source distribution into dist/
	@$(UV) build --quiet --build-constraints requirements/build.txt --require-hashes --out-dir dist

docs: .venv/.dev  ## the documentation as a site, into docs/_build/site
	@.venv/bin/sphinx-build -q -W --keep-going -b html docs docs/_build/site && echo docs/_build/site/index.html

clean:  ## remove what was installed, built and cached (never logs/, reports/ or a database)
	@rm -rf .venv .venv-oracles .tools dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# ---- looking after what runs ---------------------------------------------------------------------------------------
# Processes of `causal-eval up` or containers of docker-compose.yml, whichever runs; MODE=proc or compose says so.
# DRY=1 shows what would be done. Output has no colour and no prefix, and ends: `make logs-app | tail -100`.
MODE ?=
DRY ?=
JSON ?=
F ?=
Q ?=
S ?= app
D ?= all
ROUNDS ?= 4
FROM ?= latest
TO ?=
SWAP ?=

CE := .venv/bin/causal-eval
AT = $(if $(MODE),--mode $(MODE)) $(if $(DRY),--dry-run)
STACK = @$(CE) stack
SHOW = @$(if $(DRY),echo)

health: .venv/.local  ## is everything well: a table (JSON=1: lines); exits 0, 1 or 2
	$(STACK) health $(AT) $(if $(JSON),--json)

status: .venv/.local  ## how every process or container is
	$(STACK) status $(AT)

logs-app: .venv/.local  ## what the replicas said (F=1 follows)
	$(STACK) logs app $(AT) $(if $(F),--follow)

logs-db: .venv/.local  ## what PostgreSQL said (F=1 follows)
	$(STACK) logs postgres $(AT) $(if $(F),--follow)

shell-db: .venv/.local  ## psql as superuser over a reserved connection; takes standard input, or Q='select 1'
	$(STACK) psql $(AT) $(if $(Q),-- "$(Q)")

shell: .venv/.local  ## a shell set up as app and workers are; takes standard input
	$(STACK) shell $(AT)

stats: .venv/.local  ## memory and processor of everything, or of S=worker, once
	$(STACK) stats $(if $(filter command line environment,$(origin S)),$(S)) $(AT)

restart: .venv/.local  ## restart S=app (worker, postgres ...), one replica after another
	$(STACK) restart $(S) $(AT)

scale: .venv/.local  ## S=app N=3: as many from now on
	$(STACK) scale $(S) $(if $(filter command line,$(origin N)),$(N),$(error say how many: N=3)) $(AT)

verify: .venv/.local  ## check everything that is kept: outcomes, hashes, scores, audit log
	$(STACK) run $(AT) -- invariants

backup: .venv/.local  ## back the database up
	$(STACK) run --superuser $(AT) -- backup

restore: .venv/.local  ## restore FROM=latest [TO=time] beside; SWAP=1 puts it in place
	$(STACK) run --superuser $(AT) -- restore $(FROM) $(if $(TO),--to "$(TO)") $(if $(SWAP),--swap)

rollback: .venv/.local  ## back to the version before, or TO=..., if it becomes healthy
	$(STACK) rollback $(TO) $(AT)

drill: .venv/.local  ## break a stack of its own on purpose, and see it recover: D=name or all
	$(SHOW) $(CE) drill $(D)

gameday: .venv/.dev .venv/.debian  ## play ROUNDS of SEED as incidents; or D=name: drills with tools that are never shipped too
	$(SHOW) $(if $(filter command line,$(origin D)),.venv/bin/python -m tests.gameday $(D),$(CE) gameday --rounds $(ROUNDS) --seed $(or $(SEED),0))

docker:  ## build the image: tagged by commit, and as current; what was current stays as previous
	@bash docker/build.sh $(if $(DRY),--dry-run)

# ---- how the tools get here -------------------------------------------------------------------------------------------
.tools/bin/uv: requirements/uv.txt
	@bash requirements/bootstrap.sh .tools requirements/uv.txt
	@touch $@

.venv/.made: | $(UV)
	@.venv/bin/python -c '' 2>/dev/null || $(UV) venv --quiet --clear --python .tools/bin/python .venv
	@touch $@

.venv/.local: requirements/local.txt requirements/build.txt pyproject.toml .venv/.made
	@echo "installing the program and what it needs (requirements/local.txt) ..."
	@$(INSTALL) --require-hashes -r requirements/local.txt
	@$(INSTALL) --no-deps --build-constraints requirements/build.txt --editable .
	@touch $@

.venv/.dev: requirements/dev.txt requirements/build.txt pyproject.toml .venv/.made
	@echo "installing what development needs (requirements/dev.txt) ..."
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --build-constraints requirements/build.txt --editable .
	@touch $@ .venv/.local

# Asked again until nothing lacks, so that a package that could not be had once is not given up for ever.
.venv/.debian: requirements/debian.list requirements/debian.sh .venv/.made
	@bash requirements/debian.sh requirements/debian.list $@
