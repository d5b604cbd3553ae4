# make lab      open JupyterLab at the first notebook      make test     run every notebook and test
# make refresh  re-execute and save every notebook         make bench    how fast the explorers follow the hand
# Each makes what it needs, once.  PYTHON=... chooses the interpreter, ARGS=... goes to JupyterLab or pytest.

PYTHON ?= python3
BIN := .venv/bin
TORCH := $(shell grep '^torch==' requirements.txt)
# Plain torch on Linux is the CUDA build, gigabytes of it.  This index has the CPU build; an installed GPU build stays.
CPU := https://download.pytorch.org/whl/cpu

.PHONY: lab test refresh bench

lab: .venv/lab
	$(BIN)/python -m jupyterlab notebooks/01_softmax.ipynb $(ARGS)

test: .venv/test
	$(BIN)/python -m pytest $(ARGS)

refresh: .venv/lab
	$(BIN)/python tests/refresh.py

bench: .venv/test
	$(BIN)/python -m tests.bench

.venv/lab: requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is wanted, $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --no-deps --retries 1 --timeout 20 --index-url $(CPU) $(TORCH) || $(BIN)/python -m pip install -q --no-deps $(TORCH)
	$(BIN)/python -m pip install -q -r requirements.txt
	$(BIN)/python -c 'import matplotlib.font_manager'  # builds the font cache now, not in a cell
	touch $@

.venv/test: .venv/lab requirements-test.txt
	$(BIN)/python -m pip install -q -r requirements-test.txt
	touch $@
