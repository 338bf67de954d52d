package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nothing went wrong", nil, 0},
		{"the chain refused a message", &client.TxError{Codespace: "jobs", Code: 5}, 1},
		{"anything that has no code of its own", errors.New("unexpected"), 1},
		{"a command line that cannot be understood", usageError{errors.New("unknown flag")}, 2},
		{"a command that does not exist", errors.New(`unknown command "nope" for "aind"`), 2},
		{"a setting that is wrong", daemon.BadConfig(errors.New("store is empty")), 2},
		{"no endpoint of the chain answers", fmt.Errorf("ask: %w", &client.ChainDownError{Endpoints: []string{"x"}, Err: errors.New("refused")}), 3},
		{"a command of the SDK cannot dial the node", fmt.Errorf("post: %w", &net.OpError{Op: "dial", Err: errors.New("refused")}), 3},
		{"the store does not answer", fmt.Errorf("put: %w", &storage.UnavailableError{Endpoint: "x", Err: errors.New("refused")}), 4},
		{"a program ran out of time", fmt.Errorf("run: %w", sandbox.ErrTimeout), 5},
		{"a program crashed", fmt.Errorf("run: %w", sandbox.ErrCrashed), 5},
		{"a program is not what was signed", fmt.Errorf("verify: %w", release.ErrSignature), 6},
		{"an attestation is about something else", fmt.Errorf("verify: %w", release.ErrAttestation), 6},
		{"somebody else than the admin signed", fmt.Errorf("verify: %w", release.ErrSigner), 7},
		{"somebody else than a trusted builder signed", fmt.Errorf("verify: %w", release.ErrBuilder), 7},
		{"a release was revoked", fmt.Errorf("verify: %w", release.ErrRevoked), 8},
		{"a release has expired", fmt.Errorf("verify: %w", release.ErrExpired), 8},
		{"the user pressed Ctrl-C", fmt.Errorf("wait: %w", context.Canceled), 130},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said bytes.Buffer
			require.Equal(t, c.want, report(&said, c.err))
			if c.want != exitOK && c.want != exitInterrupted {
				require.Equal(t, fmt.Sprintf("aind: %s\n", c.err), said.String())
			} else {
				require.Empty(t, said.String())
			}
		})
	}
}

// TestEveryCommandExplainsItself holds for our own commands; those of the SDK are as they are.
func TestEveryCommandExplainsItself(t *testing.T) {
	root := newRoot([]string{"worker"})
	require.NotEmpty(t, root.Commands())
	for _, command := range root.Commands() {
		t.Run(command.Name(), func(t *testing.T) {
			require.NotEmpty(t, command.Short)
			require.NotEmpty(t, command.Example, "an example says more than a description")
			require.NotEmpty(t, command.GroupID)
		})
	}
}

func TestNodeCommandsAreLeftOutWhereTheyAreNotNeeded(t *testing.T) {
	names := func(root *cobra.Command) map[string]bool {
		found := map[string]bool{}
		for _, command := range root.Commands() {
			found[command.Name()] = true
		}
		return found
	}
	require.False(t, names(newRoot([]string{"--home", "x", "worker"}))["start"])
	all := names(newRoot([]string{"--help"}))
	for _, name := range []string{"start", "init", "keys", "query", "tx", "export", "genesis", "comet", "status", "version", "worker", "requestJob", "devnet"} {
		require.True(t, all[name], name)
	}
}

// TestEveryMessageAndQueryHasACommand walks what our modules serve. Params are changed by proposals, not by a command.
func TestEveryMessageAndQueryHasACommand(t *testing.T) {
	root := newRoot([]string{"query"})
	for _, service := range []struct {
		kind, module string
		methods      []grpc.MethodDesc
	}{
		{"query", "escrow", escrowtypes.Query_serviceDesc.Methods},
		{"query", "reputation", reputationtypes.Query_serviceDesc.Methods},
		{"query", "jobs", jobstypes.Query_serviceDesc.Methods},
		{"query", "permissions", permissionstypes.Query_serviceDesc.Methods},
		{"tx", "escrow", escrowtypes.Msg_serviceDesc.Methods},
		{"tx", "reputation", reputationtypes.Msg_serviceDesc.Methods},
		{"tx", "jobs", jobstypes.Msg_serviceDesc.Methods},
		{"tx", "permissions", permissionstypes.Msg_serviceDesc.Methods},
	} {
		for _, method := range service.methods {
			if method.MethodName == "UpdateParams" {
				continue
			}
			path := []string{service.kind, service.module, kebab(method.MethodName)}
			t.Run(strings.Join(path, " "), func(t *testing.T) {
				command, rest, err := root.Find(path)
				require.NoError(t, err)
				require.Empty(t, rest)
				require.Equal(t, path[2], command.Name())
				require.NotEmpty(t, command.Short)
			})
		}
	}
}

var inner = regexp.MustCompile(`([a-z])([A-Z])`)

// kebab is how AutoCLI names the command of a method.
func kebab(method string) string { return strings.ToLower(inner.ReplaceAllString(method, "$1-$2")) }

func TestSeveralNodes(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = open.Close() }()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	up, down := "http://"+open.Addr().String(), "http://"+closed.Addr().String()

	for name, c := range map[string]struct{ list, want string }{
		"the first that can be reached is asked":    {down + ", " + up, up},
		"in order":                                  {up + "," + down, up},
		"the first of all where none can be":        {down + "," + down + "0", down},
		"one alone is not tried":                    {down, down},
		"an address without a scheme is one of RPC": {down + "," + open.Addr().String(), open.Addr().String()},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, firstReachable(c.list)) })
	}
}
