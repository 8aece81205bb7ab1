# Two commands matter to a newcomer: `make explore` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install explore test lint bench gallery clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bitfront needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

explore: install
	$(BIN)/bitfront explore --model digits-cnn --fps 100000 --jobs 2 --out reports/quickstart

test: install
	$(BIN)/pytest --numprocesses auto $(PYTEST_ARGS)

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell dse hw_models tests notebooks README.md Makefile

bench: install
	$(BIN)/python -m tests.bench

# The table of one network in four formats; every placement takes minutes.
GALLERY := build/gallery
gallery: install
	for format in int4 e2m1 int8 e4m3; do \
		$(BIN)/bitfront export --model digits-mlp --weights $$format --acts $$format --out $(GALLERY)/digits-mlp-$$format.onnx && \
		$(BIN)/bitfront build $(GALLERY)/digits-mlp-$$format.onnx --board ulx3s-85f --fold fps=50000 --images digits --out $(GALLERY)/digits-mlp-$$format || exit 1; \
	done
	$(BIN)/bitfront accelerators $(GALLERY)/digits-mlp-int4 $(GALLERY)/digits-mlp-e2m1 $(GALLERY)/digits-mlp-int8 $(GALLERY)/digits-mlp-e4m3 --data digits --out reports/gallery/accelerators

clean:
	rm -rf $(VENV) build dist *.egg-info
