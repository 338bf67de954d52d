# Checks and tests.

# Packages whose tests start whole networks run after the others, and one at a time: they would take each
# other's processors.
WHOLE := /tests/|/devnet|/cmd/aind
PACKAGES = $(shell $(GO) list -tags $(TAGS) ./... | grep -E$(1) '$(WHOLE)')
RUN_TESTS = $(GOTESTSUM) --format pkgname --format-hide-empty-pkg --jsonfile

##@ Check

.PHONY: test check unit lint format format-check vet tidy-check acceptance sim sim-long agents escape mutate fuzz bench
test: build runtimes examples $(GOTESTSUM) $(MINIO) ## run every test, and hold docs/acceptance.md against what ran
	@rm -f $(BUILD)/test.json $(BUILD)/test-whole.json
	@status=0; \
	$(RUN_TESTS) $(BUILD)/test.json -- -tags $(TAGS) -count=1 -timeout 20m $(call PACKAGES,v) || status=1; \
	$(RUN_TESTS) $(BUILD)/test-whole.json -- -tags $(TAGS) -count=1 -timeout 25m -p 1 $(call PACKAGES,) || status=1; \
	cat $(BUILD)/test-whole.json >> $(BUILD)/test.json; rm $(BUILD)/test-whole.json; \
	exit $$status
	@$(MAKE) acceptance

acceptance: ## hold docs/acceptance.md against the last run of make test
	@$(GO) run -tags $(TAGS) ./tests/acceptance docs/acceptance.md $(BUILD)/test.json

check: format-check lint vet proto-lint proto-current tidy-check unit ## format, lint, vet, proto, tidy and unit tests

unit: build runtimes examples $(GOTESTSUM) $(MINIO)
	@$(RUN_TESTS) $(BUILD)/unit.json -- -tags $(TAGS) -short -timeout 15m $(call PACKAGES,v) ./tests/structure/...

# A linter that finds nothing in a module full of planted faults would find nothing anywhere.
PLANTED := tests/structure/testdata/planted
lint: $(GOLANGCI) ## run golangci-lint, and show that it can fail
	@$(GOLANGCI) run --allow-parallel-runners --build-tags $(TAGS) ./...
	@found=$$(cd $(PLANTED) && $(CURDIR)/$(GOLANGCI) run --allow-parallel-runners --config $(CURDIR)/.golangci.yml --enable-only depguard,forbidigo ./... 2>&1 || true); \
	for fault in 'has no clock' 'has no network' 'has no randomness' 'only cmd/aind, devnet, benchmarks and tests import the app' \
		'wazero is used in sandbox/wasm only'; do \
		grep -q "$$fault" <<<"$$found" || { echo "the linter missed a planted fault: $$fault" >&2; echo "$$found" >&2; exit 1; }; done

format: $(GOLANGCI) $(BUF) ## format Go and proto files
	@$(GOLANGCI) fmt
	@$(BUF) format -w proto

format-check: $(GOLANGCI)
	@$(GOLANGCI) fmt --diff

vet:
	@$(GO) vet -tags $(TAGS) ./...

tidy-check:
	@$(GO) mod tidy -diff || { echo "go.mod is not tidy: run 'go mod tidy'" >&2; exit 1; }

# `make test` runs it too, without a line for each attempt.
escape: ## try to get out of the sandbox, with a control run for each attempt: a line for each
	@$(GO) test -tags $(TAGS) -count=1 -timeout 20m ./tests/escape -args -table

SEED ?= 1
COUNT ?= 40
ONLY ?=
JOBS ?= 1
mutate: ## change rules of the chain, one place at a time, and fail if no test notices: SEED, COUNT, ONLY, JOBS
	@$(GO) run -tags $(TAGS) ./tests/mutate -tags $(TAGS) -seed $(SEED) -count $(COUNT) -only '$(ONLY)' -jobs $(JOBS)

# Figures and what the options mean: tests/sim/README.md. `make test` runs the short one with everything else.
SEEDS ?= 20
BLOCKS ?= 500
SIM = $(GO) test -tags $(TAGS) -count=1 -v ./tests/sim
sim: ## run the whole app under random messages: five seeds of fifty blocks
	@$(SIM) -timeout 20m

sim-long: ## the same for longer, every seed by itself: make sim-long SEEDS=20 BLOCKS=500
	@$(SIM) -timeout 24h -run 'TestSimulation$$' -args -seeds $(SEEDS) -blocks $(BLOCKS) -each

# Figures: tests/security/README.md. `make test` lets each agent play 200 requests.
AGENTS ?= 9100
agents: ## let those who cheat play many requests on the whole chain, and print what each earns: AGENTS requests each, SEED
	@$(GO) test -tags $(TAGS) -count=1 -v ./tests/security -timeout 24h -run 'TestCheatingDoesNotPayOnAverage$$' -args -agents $(AGENTS) -agents-seed $(SEED)

# An input that breaks something lands in testdata/fuzz of its package: from then on it is a test.
FUZZTIME ?= 10s
FUZZ ?= Fuzz
fuzz: ## let every fuzz target look for bad inputs: FUZZTIME each, FUZZ names some
	@git grep -lE '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u | while read -r package; do \
		git grep -hoE '^func Fuzz[A-Za-z]*' -- "$$package/*_test.go" | sed 's/^func //' | { grep -E '$(FUZZ)' || true; } | while read -r target; do \
			echo "$$package $$target"; \
			$(GO) test -tags $(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "./$$package" < /dev/null; \
		done; \
	done

bench: build runtimes examples $(MINIO) ## run every benchmark; each prints one line of JSON
	@for figure in benchmarks/*/main.go; do $(GO) run -tags $(TAGS) "./$$(dirname "$$figure")"; done
	@$(GO) run -tags $(TAGS) ./benchmarks/turnaround -validators 4
