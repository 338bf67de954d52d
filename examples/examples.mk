# Compiles the example programs to WASM: examples/<job>/<role>/main.go becomes build/examples/<job>/<role>.wasm.
# `make examples`, or without the rest of the Makefile: make -f examples/examples.mk
#
# Equal sources and an equal Go version give equal bytes, and so an equal digest, on every machine.

BUILD ?= build
GO ?= go

EXAMPLE_MODULES := $(patsubst examples/%/main.go,$(BUILD)/examples/%.wasm,$(wildcard examples/*/*/main.go))

.PHONY: examples
examples: $(EXAMPLE_MODULES) ## compile the example programs to WASM

# Go knows what has changed.
.PHONY: $(EXAMPLE_MODULES)
$(EXAMPLE_MODULES): $(BUILD)/examples/%.wasm: examples/%/main.go
	@CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm $(GO) build -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o $@ ./$(<D)
