# faaslab: `make book` builds the book, `make test` checks everything. `make help` lists the rest.

SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?=
PORT ?=
JOBS ?= auto

LABS = $(BIN)/python -m faaslab.course.build
SOLVED_LABS = _build/labs/solved
CHAPTERS = _build/jupyter_execute/book

# One thread a process: the numbers are small and the processes are many.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
# Matplotlib keeps its font cache inside the environment, so that no chapter prints that it builds one.
export MPLCONFIGDIR := $(abspath $(VENV))/matplotlib
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: help environment book test lab labs bench reproduce clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

environment:  ## make or renew .venv from requirements.txt (the other targets call it)
	@bash tools/environment.sh "$(VENV)" "$(PYTHON)"

book: environment  ## execute every chapter, build the book, print the page to open
	@$(BIN)/python tools/build_book.py

test: environment  ## check style, imports, code, labs, chapters and the built book
	@status=0; \
	echo "== book"; $(BIN)/python tools/build_book.py || status=1; \
	echo "== labs, solved"; $(LABS) --solved $(SOLVED_LABS) || status=1; \
	echo "== style"; $(BIN)/ruff check . || status=1; \
	echo "== imports"; $(BIN)/lint-imports || status=1; \
	echo "== tests"; mkdir -p $(SOLVED_LABS) $(CHAPTERS); \
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist loadfile --timeout 600 -rs \
	  --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg \
	  tests labs $(SOLVED_LABS) $(CHAPTERS) || status=1; \
	exit $$status

lab: environment  ## open JupyterLab in labs/ (PORT=9000 asks for one port and no other)
	@$(BIN)/jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/labs $(if $(filter 0,$(shell id -u)),--allow-root) $(if $(PORT),--port=$(PORT) --ServerApp.port_retries=0)

labs: environment  ## write the labs again from labs/masters/
	@$(LABS)

bench: environment  ## measure the simulator beside SimFaaS, the real platform beside process pools, Ray and Lithops, harvesting
	@$(BIN)/python benchmarks/bench.py
	@$(BIN)/python benchmarks/runtime.py
	@$(BIN)/python benchmarks/harvest.py

reproduce: environment  ## train the stored policies and do the stored studies that are missing (ONLY=name: one; FORCE=1: again)
	@$(BIN)/python -m faaslab.harvest.studies $(if $(ONLY),--only $(ONLY)) $(if $(FORCE),--force)

clean:  ## remove the built book, the environment and every cache
	rm -rf _build "$(VENV)" .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
