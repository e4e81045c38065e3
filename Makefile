# Everything a developer types. `make` alone prints what there is.
#
# Works with the make of Linux and macOS; needs a C compiler and Python 3.11 or newer.
# PYTHON chooses the Python a new .venv is made from, VENV another folder for it.

VENV ?= .venv
BIN := $(VENV)/bin
TOOLS := $(VENV)/.tools
BUILT := $(VENV)/.built
INSTALLED := $(VENV)/.installed
READY := $(BUILT) $(INSTALLED)
CLIENTS := $(VENV)/.clients
COMPILED := $(shell find engine -name '*.pyx' -o -name '*.pxd')
MODULES := $(shell find engine -name '*.pyx' | sed 's|/|.|g; s|\.pyx$$||' | sort)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
SANITIZED := build/sanitize
BENCH := build/bench-venv
FASTMM := build/fastmm-venv
SIMDJSON := build/bench/simdjson
RIVALS := $(BENCH)/.installed
SEED ?=
RUNS ?= 100
SEEDS ?= 1:101
SECONDS ?= 600
JOBS ?= 1
ARGS ?=
CASES ?= 10000000
CASE ?=
AT_ONCE := --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: help run test build lint format types sim soak soak-fuzz kill9 conformance \
	bench micro days regress sanitize docs wheel clean distclean

help:
	@echo "make run [ARGS=...]    build, then quote on a simulated venue, watched live"
	@echo "make test [ARGS=...]   build, then run the tests"
	@echo "make build             .venv, the package in it, the compiled modules"
	@echo "make lint              ruff and cython-lint"
	@echo "make format            let ruff rewrite what it can"
	@echo "make types             mypy --strict, and the stubs against what was compiled"
	@echo "make sim               the simulation tests"
	@echo "make sim SEED=1        one seed of the swarm, with its last events"
	@echo "make soak SEEDS=1:101  the swarm, ten virtual minutes a seed; JOBS=2"
	@echo "make soak-fuzz         fuzz and state machines for an hour; CASES=1000000 JOBS=2"
	@echo "make kill9 RUNS=1000   kill -9 of live engines at random moments, each compared"
	@echo "make conformance       the simulated venue met by other people's clients"
	@echo "make bench [ARGS=...]  ours beside others, one table; ARGS=--quick for a look"
	@echo "make days [ARGS=...]   strategies on simulated days, into docs/days.md; hours"
	@echo "make micro [ARGS=...]  the core alone, by pytest-benchmark"
	@echo "make regress           count instructions, compare; ACCEPT=1: a new baseline"
	@echo "make sanitize          compiled code and fuzz tests, address and UB sanitizers"
	@echo "make docs              rewrite the generated parts of docs/"
	@echo "make wheel             build dist/*.whl"
	@echo "make clean             remove what was built; distclean: .venv too"

run: $(READY)
	@$(BIN)/halfspread demo $(ARGS)

# Everything over two processes: many tests wait for others. A part in one, with all
# that pytest can do.
test: $(READY)
	@$(BIN)/python -m pytest $(or $(ARGS),$(AT_ONCE))

build: $(READY)

# The interpreter is tried, not only found: a shim may be on the path and not work.
$(TOOLS): pyproject.toml
	@if [ ! -x $(BIN)/python ]; then \
	  for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	        >/dev/null 2>&1; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "halfspread needs Python 3.11 or newer; name one with PYTHON=..." >&2; \
	    exit 1; \
	  fi; \
	  echo "making $(VENV) with $$($$found --version)"; \
	  $$found -m venv $(VENV); \
	fi
	@echo "fetching the build tools"
	@$(BIN)/python -c 'import tomllib; \
	  project = tomllib.load(open("pyproject.toml", "rb")); \
	  print(*project["build-system"]["requires"], sep="\n")' > $(VENV)/build-tools.txt
	@$(PIP) install -r $(VENV)/build-tools.txt
	@touch $@

$(BUILT): $(TOOLS) setup.py $(COMPILED)
	@echo "compiling what is new; all of it takes a few minutes"
	@$(BIN)/python setup.py -q build_ext --inplace
	@touch $@

# After the modules: they are compiled in place, pip adds the rest.
$(INSTALLED): $(TOOLS) | $(BUILT)
	@echo "installing the package and the dependencies into $(VENV)"
	@HALFSPREAD_NO_BUILD=1 $(PIP) install --no-build-isolation -e ".[dev]"
	@touch $@

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/cython-lint engine

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(READY)
	@$(BIN)/mypy
	@$(BIN)/python -m mypy.stubtest --concise --mypy-config-file pyproject.toml \
	  --ignore-disjoint-bases --ignore-unused-allowlist \
	  --allowlist .ci/stubtest-allow.txt $(MODULES)

# Seeds a up to b, b not included, over JOBS processes; a failure prints its command.
soak: $(READY)
	@$(BIN)/python -m tests.simulation.soak $(SEEDS) --jobs $(JOBS) \
	  --seconds $(SECONDS) $(ARGS)

# Framing against websockets and scanning against orjson, CASES of each; then the other
# fuzz tests and state machines, with more than the seconds `make test` gives them.
# SEED begins elsewhere; CASE=framing:7 is one case alone.
soak-fuzz: $(READY)
ifneq ($(CASE),)
	@$(BIN)/python -m tests.fuzz.soak $(CASE)
else
	@$(BIN)/python -m tests.fuzz.soak --cases $(CASES) --jobs $(JOBS) \
	  --first $(or $(SEED),0)000000000
	@HALFSPREAD_SEED="$(SEED)" HALFSPREAD_FUZZ_RUNS=500 HALFSPREAD_FUZZ_FRAMES=100000 \
	  HALFSPREAD_STATEFUL_EXAMPLES=1000 $(BIN)/python -m pytest -o timeout=0 \
	  tests/fuzz tests/stateful $(ARGS)
endif

sim: $(READY)
ifeq ($(SEED),)
	@$(BIN)/python -m pytest -m simulation $(ARGS)
else
	@$(BIN)/python -m tests.simulation.soak $(SEED) --seconds $(SECONDS) --trace $(ARGS)
endif

# The venue lives on, engines die. SEED repeats the choices, not the moments.
kill9: $(READY)
	@$(BIN)/python -m tests.loopback.kill9 --runs $(RUNS) $(if $(SEED),--seed $(SEED))

# What the suite needs beside the rest, in the same .venv.
$(CLIENTS): pyproject.toml | $(READY)
	@echo "installing the clients of the conformance suite into $(VENV)"
	@HALFSPREAD_NO_BUILD=1 $(PIP) install --no-build-isolation -e ".[dev,conformance]"
	@touch $@

conformance: $(READY) $(CLIENTS)
	@$(BIN)/python -m pytest tests/conformance $(ARGS)

# Rivals live in environments of their own, so that .venv stays what users have. What
# cannot be installed here is told in the table, in its row.
$(RIVALS): pyproject.toml | $(READY)
	@echo "fetching the rivals into $(BENCH) and $(FASTMM); this takes minutes"
	@$(BIN)/python -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip --quiet --disable-pip-version-check install \
	  -r $(VENV)/build-tools.txt
	@HALFSPREAD_NO_BUILD=1 $(BENCH)/bin/python -m pip --quiet \
	  --disable-pip-version-check install --no-build-isolation -e ".[bench]"
	@$(BIN)/python -c 'import tomllib; \
	  extras = tomllib.load(open("pyproject.toml", "rb"))["project"][ \
	    "optional-dependencies"]; \
	  [open(f"$(BENCH)/{name}.txt", "w").write("\n".join(extras[name])) \
	   for name in ("bench-fastmm", "bench-sources")]'
	@$(BENCH)/bin/python -m pip --quiet --disable-pip-version-check download \
	  --no-deps --no-binary :all: --no-build-isolation -d $(SIMDJSON) \
	  -r $(BENCH)/bench-sources.txt || echo "simdjson: the system's, if there is one"
	@$(BIN)/python -m venv $(FASTMM) && $(FASTMM)/bin/python -m pip --quiet \
	  --disable-pip-version-check install -r $(BENCH)/bench-fastmm.txt \
	  || echo "fastmm-engine cannot be installed here"
	@touch $@

bench: $(READY) $(RIVALS)
	@$(BENCH)/bin/python -m benchmarks --fastmm $(FASTMM)/bin/python $(ARGS)

micro: $(READY)
	@$(BIN)/python -m pytest benchmarks/micro --benchmark-only --benchmark-disable-gc \
	  --benchmark-columns=median,iqr,min,max,rounds $(ARGS)

# Needs valgrind; says so and passes where there is none.
days: $(READY)
	@$(BIN)/python -m benchmarks.days $(ARGS)
	@$(BIN)/python -m docs.render

regress: $(READY)
	@$(BIN)/python -m benchmarks.regress $(if $(ACCEPT),--accept)

# Its own build, so that the normal one stays as it is. Leaks are not looked for:
# the interpreter itself keeps memory until it ends.
sanitize: $(READY)
	@echo "building a second, instrumented core in $(SANITIZED); this takes minutes"
	@HALFSPREAD_SANITIZE=1 $(BIN)/python setup.py -q build \
	  --build-lib $(SANITIZED)/lib --build-temp $(SANITIZED)/temp
	@LD_PRELOAD="$$($(CC) -print-file-name=libasan.so)" \
	  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	  PYTHONMALLOC=malloc $(BIN)/python -m pytest -p no:cacheprovider \
	  -o "pythonpath=$(SANITIZED)/lib ." tests/unit/_core tests/unit/journal \
	  tests/unit/metrics tests/unit/live/test_fast.py tests/unit/live/test_pace.py \
	  tests/fuzz $(ARGS)

docs: $(READY)
	@$(BIN)/python -m docs.render

wheel: $(READY)
	@$(PIP) wheel --no-deps -w dist .

clean:
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
	  .benchmarks cython_debug $(BUILT)
	@find engine benchmarks/native \( -name '*.so' -o -name '*.c' -o -name '*.html' \) -exec rm -f {} +
	@find engine strategies tests benchmarks docs -name __pycache__ -prune \
	  -exec rm -rf {} +

distclean: clean
	@rm -rf $(VENV)
