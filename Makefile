# Everything that is built, run or checked here starts with `make <target>`; `make` alone lists the targets.
# Each target does the set-up it needs: tools are built once at the versions pinned under tools/, runtimes are
# fetched by digest. Everything made lands in build/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Go uses all processors by itself, and the programs carry a child that is built into one place.
.NOTPARALLEL:

MODULE := github.com/ain-network/aind
BUILD := build
TOOLS := $(BUILD)/tools
GO ?= go

# With a C compiler signatures are verified by libsecp256k1, almost three times as fast; without one the
# same program is built in pure Go.
HAS_CGO := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && echo 'int main(void){return 0;}' | \
	$$($(GO) env CC) -x c -o /dev/null - 2>/dev/null && echo yes)
comma := ,
TAGS := $(if $(HAS_CGO),libsecp256k1_sdk$(comma))pebbledb
export CGO_ENABLED := $(if $(HAS_CGO),1,0)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
STAMP := -X github.com/cosmos/cosmos-sdk/version.Name=ain \
	-X github.com/cosmos/cosmos-sdk/version.AppName=aind \
	-X github.com/cosmos/cosmos-sdk/version.Version=$(VERSION) \
	-X github.com/cosmos/cosmos-sdk/version.Commit=$(COMMIT)
LDFLAGS = $(STAMP) -X github.com/cosmos/cosmos-sdk/version.BuildTags=$(TAGS)
BUILD_FLAGS = -buildvcs=false -tags $(TAGS),$(CARRY) -ldflags '$(LDFLAGS)'

include tools/tools.mk
include tools/runtimes.mk
include tools/proto.mk
include tools/test.mk

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z-]*:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use

.PHONY: demo devnet build install
demo: build runtimes examples ## run the paper's example end to end on this machine, then stop everything
	@$(BUILD)/aind demo

devnet: build runtimes examples ## start the whole network on this machine until Ctrl-C
	@$(BUILD)/aind devnet

# aind carries the sandbox's child program, so that it is all that a worker's machine needs.
CHILD := cmd/aind/child/ain-sandbox
CARRY := carry_child
BUILD_CHILD = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w' -o $(CHILD) ./cmd/ain-sandbox

build: ## build aind, and the sandbox's child program apart, into build/
	@mkdir -p $(BUILD)
	@$(BUILD_CHILD)
	@cp $(CHILD) $(BUILD)/ain-sandbox
	@$(GO) build $(BUILD_FLAGS) -o $(BUILD)/aind ./cmd/aind

install: ## install aind into $GOBIN
	@$(BUILD_CHILD)
	@$(GO) install $(BUILD_FLAGS) ./cmd/aind

##@ Release

DIST := $(BUILD)/dist
PLATFORMS := linux-amd64 linux-arm64 darwin-arm64 windows-amd64

.PHONY: dist $(PLATFORMS) clean
dist: ## build the programs for every platform, with checksums, into build/dist
	@rm -rf $(DIST)
	@$(MAKE) $(PLATFORMS)
	@cd $(DIST) && $(SHA256) */* > SHA256SUMS
	@cat $(DIST)/SHA256SUMS

# Pure Go and without paths of this machine: the same source gives the same bytes anywhere.
$(PLATFORMS): TAGS := pebbledb
$(PLATFORMS):
	@echo "building $@"
	@mkdir -p $(DIST)/$@
	@GOOS=$(word 1,$(subst -, ,$@)) GOARCH=$(word 2,$(subst -, ,$@)) $(BUILD_CHILD)
	@CGO_ENABLED=0 GOOS=$(word 1,$(subst -, ,$@)) GOARCH=$(word 2,$(subst -, ,$@)) \
		$(GO) build -trimpath $(BUILD_FLAGS) -o $(DIST)/$@/ ./cmd/aind

# What a worker's machine runs: the daemon with all that it uses, and the sandbox's child.
.PHONY: platforms
platforms: ## compile what workers run for every platform
	@for platform in $(PLATFORMS); do \
		echo "compiling the worker for $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%-*} GOARCH=$${platform#*-} $(GO) build -buildvcs=false ./worker/... ./cmd/ain-sandbox; \
	done

clean: ## delete everything that make built or fetched
	rm -rf $(BUILD) $(dir $(CHILD))
