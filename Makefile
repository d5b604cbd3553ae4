# make lab      open JupyterLab at the first notebook      make test        run every notebook and test
# make refresh  re-execute and save every notebook         make test-colab  the same with Colab's versions, without a browser
# make present  for a projector, NOTEBOOK=... to begin there  make bench       how fast the explorers follow the hand
# make address REPO=someone/name  the repository's         make lint        code, workflows and forms
# make constraints  anew, after a change of a pin          make translations  the catalogues, after a change of any sentence
# make site     the page for phones, and what there is to read
# make worksheet SEED=7, make quiz SEED=7  on paper, with a key
# make assignment  homework, for students and with solutions   make test-nbgrader  what nbgrader makes of that, and its points
# Each makes what it needs, once.  PYTHON=... chooses the interpreter, ARGS=... goes to JupyterLab, Voila or pytest.
# LANGUAGE=zh  speaks Chinese, in make lab, present, worksheet, quiz and assignment

PYTHON ?= python3
NOTEBOOK ?= 01_softmax
BIN := .venv/bin
COLAB := .venv/colab
NBGRADER := .venv/nbgrader
EDITION := notebooks$(if $(filter zh%,$(LANGUAGE)),/zh)
NOTEBOOKS := $(basename $(notdir $(sort $(wildcard notebooks/*.ipynb))))
# Plain torch on Linux is the CUDA build, gigabytes of it.  This index has the CPU build; an installed GPU build stays.
CPU := https://download.pytorch.org/whl/cpu
# $(call install_torch,the folder of Python,the requirements with the pin)
define install_torch
	@torch=$$(grep '^torch' $(2)); echo "pip install $$torch"; \
	$(1)/python -m pip install -q --no-deps --retries 1 --timeout 20 --index-url $(CPU) "$$torch" 2>/dev/null || \
	{ echo "PyTorch's own index is out of reach or has no $$torch: asking the default one (on Linux its build, for GPUs, takes gigabytes)"; \
	$(1)/python -m pip install -q --no-deps "$$torch"; } || \
	{ echo "$$torch was not found.  Is there a network?  And has it a build for $$($(1)/python -c 'import platform as p; print("Python", p.python_version(), "on", p.system(), p.machine())')?  If not: rm -r .venv; make PYTHON=python3.12"; exit 1; }
endef

.PHONY: lab test test-colab test-nbgrader refresh translations bench present named worksheet quiz assignment site lint constraints address asked

lab: .venv/lab
	$(BIN)/python -m jupyterlab $(EDITION)/01_softmax.ipynb $(ARGS)

test: .venv/test
	$(BIN)/python -m pytest $(ARGS)

# Here Python moves the widgets: what needs a browser, Docker's files or git stays out.  So does the quiz, whose saved text ipywidgets 7 cuts off.
test-colab: $(COLAB)/ready
	$(COLAB)/bin/python -m pytest -o addopts="--nbval-lax --nbval-cell-timeout=120 -q" $(patsubst %,--ignore=tests/test_%.py,browser page site present quiz reading binder repository requirements translations) $(ARGS)

test-nbgrader: $(NBGRADER)/ready
	$(NBGRADER)/bin/python -m pytest -o addopts=-q tests/test_assignment.py $(ARGS)

refresh: .venv/lab
	$(BIN)/python tests/refresh.py

translations: .venv/test
	$(BIN)/python -m tests.translate

bench: .venv/test
	$(BIN)/python -m tests.bench

present: named .venv/lab .venv/show
	$(BIN)/python -m voila $(EDITION)/$(NOTEBOOK).ipynb --Voila.config_file_paths=.voila $(ARGS)

named:
	@[ -f "$(EDITION)/$(NOTEBOOK).ipynb" ] || { echo 'make present NOTEBOOK=... wants one of $(NOTEBOOKS), not "$(NOTEBOOK)"'; exit 2; }

worksheet quiz: .venv/lab
	@$(BIN)/python -m utils.$@ "$$SEED"

site: .venv/show
	$(BIN)/python .site/make.py

assignment: .venv/lab
	$(BIN)/python -m utils.assignment $(if $(FOLDER),"$$FOLDER")

lint: .venv/lint
	$(BIN)/ruff check --quiet
	$(BIN)/zizmor --offline --quiet --persona pedantic .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

constraints: | .venv/python
	$(BIN)/python -m pip install -q $$(grep '^uv==' requirements-lint.txt)
	cat requirements.txt requirements-show.txt requirements-test.txt requirements-lint.txt | grep -v '^-' >.venv/pins
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate .venv/pins >.venv/constraints
	{ grep '^#' constraints.txt; grep -vE '^(torch|triton|nvidia|cuda)' .venv/constraints; } >.venv/pins && mv .venv/pins constraints.txt

# The page is at https://someone.github.io/name/, and the QR code leads there.  [R], or these lines would change too.
# Of the catalogue only the text is changed (-I); what is read of it counts bytes, and is made anew.
address: asked .venv/show
	git grep -lzIE 'OWNER(\.github\.io)?/[R]EPO' | xargs -0 perl -pi -e 's|OWNER/[R]EPO|$(REPO)|g; s|OWNER\.github\.io/[R]EPO|$(subst /,.github.io/,$(REPO))|g; s|lab/tree/[R]EPO/|lab/tree/$(notdir $(REPO))/|g'
	$(BIN)/python -c 'from tests import translate as t; [t.compile(t.po(language)) for language in t.LANGUAGES]'
	$(BIN)/python -m segno.cli --error m --scale 8 --light white --output .github/page.svg https://$(subst /,.github.io/,$(REPO))/

asked:
	@echo "$$REPO" | grep -qxE '[A-Za-z0-9-]+/[A-Za-z0-9._-]+' || { echo 'Which repository?  make address REPO=someone/name'; exit 2; }

.venv/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is wanted, $(PYTHON) is " + sys.version.split()[0] + ": try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/lab: requirements.txt constraints.txt | .venv/python
	$(call install_torch,$(BIN),requirements.txt)
	$(BIN)/python -m pip install -q -r requirements.txt
	$(BIN)/python -c 'import matplotlib.font_manager'  # builds the font cache now, not in a cell
	touch $@

.venv/test: .venv/lab requirements-test.txt requirements-show.txt
	$(BIN)/python -m pip install -q -r requirements-test.txt
	touch $@

.venv/show: requirements-show.txt constraints.txt | .venv/python
	$(BIN)/python -m pip install -q -r requirements-show.txt
	touch $@

.venv/lint: requirements-lint.txt constraints.txt | .venv/python
	$(BIN)/python -m pip install -q -r requirements-lint.txt
	touch $@

$(COLAB)/ready: requirements-colab.txt | .venv/python
	$(PYTHON) -m venv $(COLAB)
	$(call install_torch,$(COLAB)/bin,requirements-colab.txt)
	$(COLAB)/bin/python -m pip install -q -r requirements-colab.txt
	touch $@

$(NBGRADER)/ready: requirements-nbgrader.txt requirements.txt | .venv/python
	$(PYTHON) -m venv $(NBGRADER)
	$(call install_torch,$(NBGRADER)/bin,requirements.txt)
	$(NBGRADER)/bin/python -m pip install -q -r requirements-nbgrader.txt
	touch $@
