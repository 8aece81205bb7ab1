# Two commands matter to a newcomer: `make explore` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install explore test docs lint bench gallery figures draw-figures bit-exact clean

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

docs: install
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[docs]'
	$(BIN)/mkdocs build --quiet

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell dse hw_models tests notebooks docs README.md CONTRIBUTING.md CHANGELOG.md Makefile

bench: install
	$(BIN)/python -m tests.bench

# Tables of a network in several formats, down to the bitstream; every placement takes minutes.
GALLERY := build/gallery
TABLES := reports/gallery/accelerators
export-network = $(BIN)/bitfront export --model $(1) --weights $(2) --acts $(2) --out $(GALLERY)/$(1)-$(2).onnx
build-network = $(BIN)/bitfront build $(GALLERY)/$(1).onnx --board $(2) --fold fps=$(3) --images $(4) --out $(GALLERY)/$(1)-$(2)
gallery: install
	for format in int4 e2m1 int8 e4m3; do \
		$(call export-network,digits-mlp,$$format) && \
		$(call build-network,digits-mlp-$$format,ulx3s-85f,50000,digits) || exit 1; \
	done
	$(call build-network,digits-mlp-int4,icebreaker,20000,digits)
	$(BIN)/bitfront accelerators $(addprefix $(GALLERY)/digits-mlp-,int4-ulx3s-85f e2m1-ulx3s-85f int8-ulx3s-85f e4m3-ulx3s-85f int4-icebreaker) --data digits --out $(TABLES)/digits-mlp
	for format in int4 e2m1; do \
		$(call export-network,fmnist-cnn,$$format) && \
		$(call build-network,fmnist-cnn-$$format,ulx3s-85f,500,fashion-mnist --count 100) || exit 1; \
	done
	$(BIN)/bitfront accelerators $(addprefix $(GALLERY)/fmnist-cnn-,int4-ulx3s-85f e2m1-ulx3s-85f) --data fashion-mnist --out $(TABLES)/fmnist-cnn

# RTL against golden word by word, golden against Brevitas; twenty faults put into one build of each.
BIT_EXACT := build/bit-exact
bit-exact: install
	set -e; for formats in int4:int4 e2m1:e2m1 e3m2:int4 int8:int8 e4m3:e4m3; do \
		for case in digits-mlp:50000:digits:540 digits-cnn:20000:digits:540 fmnist-cnn:1500:fashion-mnist:100; do \
			set -- $$(echo $$formats:$$case | tr : ' '); to=$(BIT_EXACT)/$$3-$$1-$$2; \
			$(BIN)/bitfront export --model $$3 --weights $$1 --acts $$2 --out $$to.onnx; \
			$(BIN)/bitfront build $$to.onnx --board ulx3s-85f --fold fps=$$4 --images $$5 --count $$6 --no-bitstream --out $$to; \
			test $$formats != int4:int4 || $(BIN)/bitfront verify $$to --images $$5 --count 100 --mutations 20; \
		done; \
	done; \
	for case in resnet8:int4:400 resnet8:e2m1:400 ds-cnn:int4:1000 ds-cnn:e2m1:1000; do \
		set -- $$(echo $$case | tr : ' '); to=$(BIT_EXACT)/$$1-$$2-$$2; \
		$(BIN)/bitfront export --model $$1 --seeded --unsigned-acts --weights $$2 --acts $$2 --out $$to.onnx; \
		$(BIN)/bitfront build $$to.onnx --board ulx3s-85f --fold fps=$$3 --images 5 --no-bitstream --out $$to; \
	done
	$(BIN)/bitfront bit-exact $(BIT_EXACT)/*/ --out reports/gallery/bit-exact

# Every plot in the styles of papers: of the committed study, and of two small ones of the digits.
FIGURES := reports/gallery/figures
STYLES := ieee ieee2 acm slides
plot = for style in $(STYLES); do $(BIN)/bitfront plot $(1) $(2) --style $$style --out $(FIGURES)/$$style/$(2).png || exit 1; done
figures: install
	$(BIN)/bitfront explore --model digits-cnn --fps 100000 --jobs 2 --out build/figures/digits-cnn
	$(BIN)/bitfront search $(FIGURES)/layers.toml --trials 60 --out build/figures/digits-cnn-layers
	$(MAKE) draw-figures UNIFORM=build/figures/digits-cnn LAYERS=build/figures/digits-cnn-layers

draw-figures:
	set -e; for kind in pareto fronts pareto-matrix by-bits sqnr; do \
		$(call plot,reports/gallery/fmnist/evaluations.csv,$$kind); \
	done
	set -e; for kind in cost-breakdown roofline format-map; do $(call plot,$(LAYERS),$$kind); done
	$(call plot,$(LAYERS) --beside $(UNIFORM),hypervolume)
	$(call plot,reports/gallery/cost-model/xcup.csv,estimate-error)
	$(call plot,reports/gallery/sensitivity/digits-cnn/sensitivity.csv,sensitivity)
	cd $(FIGURES) && rm -f */*.csv $(foreach style,$(filter-out ieee,$(STYLES)),$(style)/*.tex)

clean:
	rm -rf $(VENV) build dist *.egg-info
