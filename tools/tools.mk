# Tools at pinned versions, each from a go.mod of its own under tools/, so that none weighs on the module's
# dependencies or on another tool's. A tool is rebuilt when the go.mod that pins it changes.

# Tools run on this machine whatever is being cross-compiled, and need no C.
GO_TOOL := GOFLAGS= GOOS= GOARCH= CGO_ENABLED=0 $(GO)

BUF := $(TOOLS)/buf
GOCOSMOS := $(TOOLS)/protoc-gen-gocosmos
GATEWAY := $(TOOLS)/protoc-gen-grpc-gateway
GOLANGCI := $(TOOLS)/golangci-lint
GOTESTSUM := $(TOOLS)/gotestsum
MINIO := $(TOOLS)/minio

$(BUF): PKG = github.com/bufbuild/buf/cmd/buf
$(BUF): tools/buf/go.mod tools/buf/go.sum
$(GOCOSMOS): PKG = github.com/cosmos/gogoproto/protoc-gen-gocosmos
$(GOCOSMOS): tools/proto/go.mod tools/proto/go.sum
$(GATEWAY): PKG = github.com/grpc-ecosystem/grpc-gateway/protoc-gen-grpc-gateway
$(GATEWAY): tools/proto/go.mod tools/proto/go.sum
$(GOLANGCI): PKG = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(GOLANGCI): tools/lint/go.mod tools/lint/go.sum
$(GOTESTSUM): PKG = gotest.tools/gotestsum
$(GOTESTSUM): tools/test/go.mod tools/test/go.sum
$(MINIO): PKG = github.com/minio/minio
$(MINIO): tools/minio/go.mod tools/minio/go.sum

$(BUF) $(GOCOSMOS) $(GATEWAY) $(GOLANGCI) $(GOTESTSUM) $(MINIO):
	@echo "building $(@F) (once, version pinned in $<)"
	@mkdir -p $(TOOLS)
	@cd $(<D) && $(GO_TOOL) build -buildvcs=false -o $(CURDIR)/$@ $(PKG)
