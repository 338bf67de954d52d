# Go code from the proto files. The generators write below build/.proto (the dot keeps it out of ./...),
# in the folders that each file's go_package names; from there it is copied into the tree or compared with it.

PROTO_OUT := $(BUILD)/.proto
PROTO_TOOLS := $(BUF) $(GOCOSMOS) $(GATEWAY)
BUF_RUN := PATH="$(CURDIR)/$(TOOLS):$$PATH" $(BUF)

# Every generated file in the tree, so that those whose proto file is gone are noticed.
PROTO_IN_TREE := find . -path ./$(BUILD) -prune -o \( -name '*.pb.go' -o -name '*.pb.gw.go' \) -print | LC_ALL=C sort

.PHONY: proto proto-generate proto-current proto-lint

##@ Proto

proto: proto-generate ## generate Go code from proto/ into the tree
	@comm -13 <(cd $(PROTO_OUT)/$(MODULE) && $(PROTO_IN_TREE)) <($(PROTO_IN_TREE)) | xargs -r rm -v
	@cp -R $(PROTO_OUT)/$(MODULE)/. .

proto-generate: $(PROTO_TOOLS)
	@rm -rf $(PROTO_OUT)
	@$(BUF_RUN) generate --output $(PROTO_OUT)

proto-current: proto-generate ## fail where generated code is not what proto/ says
	@diff <(cd $(PROTO_OUT)/$(MODULE) && $(PROTO_IN_TREE)) <($(PROTO_IN_TREE)) \
		|| { echo "generated files are missing or left over: run 'make proto'" >&2; exit 1; }
	@cd $(PROTO_OUT)/$(MODULE) && for f in $$($(PROTO_IN_TREE)); do \
		cmp -s "$$f" "$(CURDIR)/$$f" || { echo "$$f is not current: run 'make proto'" >&2; exit 1; }; done

proto-lint: $(BUF) ## check the proto files
	@$(BUF_RUN) lint
	@$(BUF_RUN) format --diff --exit-code proto
