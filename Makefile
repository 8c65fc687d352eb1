# Needs Python 3.11 or later and make. Everything is installed into .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: conformance test toolkit benchmark cuda-evidence cuda-expectations lint clean

conformance: $(VENV)/ready          ## check fast.cpu, fast.cuda and tensorflow; ARGS="--only conv2d" and the like
	$(BIN)/python -m conformance $(ARGS)

test: $(VENV)/ready lint            ## lint, then run all tests and doctests
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadgroup $(ARGS)

benchmark: $(VENV)/ready            ## fast.cpu beside other libraries, cell by cell; ARGS="-k conv2d --turns 10" and the like
	mkdir -p report
	$(BIN)/python -m pytest tests/benchmarks --benchmark-only --benchmark-columns=median,iqr,rounds \
	  --benchmark-json=report/benchmark.json $(ARGS)

cuda-evidence: toolkit              ## what a GPU shows, recorded in tests/benchmarks/evidence/; refused where there is none
	$(BIN)/python -m tests.benchmarks.cuda.evidence $(ARGS)

cuda-expectations: toolkit          ## what kernels should reach, from their assembled code; ARGS="-k matrix_product"
	$(BIN)/python -m tests.benchmarks.cuda.expectations $(ARGS)

toolkit: $(VENV)/ready              ## what compiles kernels for a GPU, so that `make test` looks at their code, too
	$(BIN)/python -m pip install -qq --constraint constraints.txt --editable ".[cuda]"

lint: $(VENV)/ready                 ## ruff, mypy and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:                              ## remove the environment, caches and the report
	rm -rf $(VENV) report .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --upgrade pip
	$(BIN)/python -m pip install -qq --constraint constraints.txt --editable ".[dev]"
	touch $@
