# Everything that is built, run or checked here starts with `make <target>`; `make` alone lists the targets.
# Each target does the set-up it needs: pinned tools are built into build/tools, runtimes are fetched by digest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BUILD := build
TOOLS := $(BUILD)/tools
MODULE := github.com/ain-network/aind
GO ?= go

include tools/tools.mk
include tools/proto.mk

##@ Help

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z][a-z-]*:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
