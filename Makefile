# Everything that a fresh machine needs: Python 3.11 or newer with its venv module, and make. Where there is a C compiler
# and Python's headers too, the SIP core is compiled (decision 0064); DIALPLANE_PURE=1 leaves that out.
# `make demo` shows the product at work, `make test` proves it. Packages come from wherever pip is set up to get them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 5
EFFORT ?= 60

.PHONY: help install demo test test-pure soak bench lint format types imports audit sbom release scorecard docs lock clean

help:  ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.compiled  ## Make .venv with the locked dependencies and the command .venv/bin/dialplane

demo: install  ## Find a number, call it, text it: every step shown, in under a minute
	$(BIN)/dialplane demo

test: $(VENV)/.installed-test $(VENV)/.compiled $(VENV)/.rewritten  ## Run the tests; DIALPLANE_REQUIRE_PEERS=1 fails where sipp or baresip is missing
	$(BIN)/pytest -n $(WORKERS)

test-pure: $(VENV)/.installed-test  ## Run from their sources the tests of what is compiled: pure Python works as well
	DIALPLANE_PURE=1 $(BIN)/pytest -n $(WORKERS) tests/sip tests/sdp tests/domain/test_flow_machine.py \
		tests/voice/test_useragent_calls.py tests/voice/test_useragent_fuzz.py tests/voice/test_defence_rules.py

soak: $(VENV)/.installed-test  ## Try much harder: API-2 (50,000 requests), LED-10, NUM-3, RTP-1 to -3, SMS-3, SMS-5, 1,000 callers; an hour or two
	DIALPLANE_EFFORT=$(EFFORT) $(BIN)/pytest -n $(WORKERS) --timeout 0 tests/faces/test_openapi.py tests/faces/test_operator_contract.py \
		tests/faces/test_crashes.py tests/services/test_money_machine.py tests/media/test_strangers.py tests/media/test_process.py \
		tests/users/test_many_callers.py tests/binds tests/smpp

bench: $(VENV)/.installed-test  ## Measure against the peers (bench/README.md says what they need)
	for script in calls route patterns media_prompt media_relay conference ivr bridges purchases; do $(BIN)/python bench/$$script.py || exit 1; done
	$(BIN)/python -m bench.messages

lint: $(VENV)/.installed-test  ## Style and common mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed-test  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-test  ## Types, at their strictest, tests included
	$(BIN)/mypy src tests

imports: $(VENV)/.installed-test  ## The direction of dependencies between the layers
	$(BIN)/lint-imports

audit: $(VENV)/.installed-test  ## Known vulnerabilities in the locked dependencies, dangerous calls in our own code (SUP-2)
	$(BIN)/bandit --quiet -lll --recursive src
	$(BIN)/python tools/audit.py requirements/runtime.txt requirements/test.txt requirements/pipecat.txt requirements/build.txt \
		requirements/release.txt

sbom: $(VENV)/.installed-test  ## What a release is made of, as CycloneDX: dist/sbom.cdx.json (SUP-2)
	@mkdir -p dist
	$(BIN)/python tools/sbom.py dist/sbom.cdx.json

release: $(VENV)/.installed-test $(VENV)-release/.installed  ## Make a release of this commit, signed by CI's identity or by KEY=FILE of SSH: dist/release (SUP-2)
	@mkdir -p dist
	$(BIN)/python tools/release.py dist/release $(if $(KEY),--key $(KEY))

scorecard: $(VENV)/.installed-test  ## Run the faces' tests and write which calls they prove: docs/compatibility.md
	$(BIN)/python tools/scorecard.py

docs: $(VENV)/.installed-docs  ## The documentation site, in site/; it asks no other host for anything
	$(BIN)/python tools/reference.py docs/reference
	$(BIN)/mkdocs build --quiet

lock:  ## Resolve the dependencies anew (needs uv)
	cd requirements && uv pip compile $(LOCK) build.in -o build.txt
	cd requirements && uv pip compile $(LOCK) --universal --no-deps pipecat.in -o pipecat.txt
	cd requirements && uv pip compile $(LOCK) release.in -o release.txt
	uv pip compile $(LOCK) pyproject.toml -o requirements/runtime.txt
	uv pip compile $(LOCK) --extra test pyproject.toml -o requirements/test.txt
	uv pip compile $(LOCK) --extra docs pyproject.toml -o requirements/docs.txt

clean:  ## Take away what the commands above made
	rm -rf $(VENV) $(VENV)-release src/dialplane/_compiled .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# No addresses of package indexes in the files: the lock is good on any mirror.
LOCK := --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Dialplane needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python requirements/runtime.txt requirements/build.txt pyproject.toml
	$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# pip compiles what it installs, but not us, whom it only points to; and where PYTHONDONTWRITEBYTECODE is set, each process
# of the platform would compile us anew at each start: a second of work for each. What is machine code is made anew only
# where its sources, or what they import, have changed.
$(VENV)/.compiled: $(VENV)/.installed $(shell find src -name '*.py') tools/compile_core.py
	$(BIN)/python -m compileall -q src
	$(BIN)/python tools/compile_core.py
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements/test.txt requirements/pipecat.txt
	$(PIP) --require-hashes -r requirements/test.txt
	$(PIP) --require-hashes --no-deps -r requirements/pipecat.txt
	@touch $@

# pytest rewrites the assertions of each file that it reads, and all workers read all files: 13 s of CPU for each of them
# where nobody has kept what comes out. A fault in a file is told by the run itself.
$(VENV)/.rewritten: $(VENV)/.installed-test $(shell find tests -name '*.py')
	-@ls -d tests/*/ | PYTHONDONTWRITEBYTECODE= xargs -n 14 -P 2 $(BIN)/pytest --collect-only > /dev/null
	@touch $@

# What signs (sigstore) brings much along, and nothing of it runs with Dialplane.
$(VENV)-release/.installed: requirements/release.txt
	$(PYTHON) -m venv $(VENV)-release
	$(VENV)-release/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/release.txt
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed requirements/docs.txt
	$(PIP) --require-hashes -r requirements/docs.txt
	@touch $@
