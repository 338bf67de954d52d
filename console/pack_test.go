package console_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func TestWhatImagesWantToReachIsPublished(t *testing.T) {
	w := newWorld(t)
	w.register()
	address := "example.org/me/worker@sha256:" + strings.Repeat("ab", 32)
	for version, c := range map[string]struct {
		flags []string
		want  []program.Network
	}{
		"9.0.0": {nil, nil},
		"9.0.1": {[]string{"--network", "storage"}, []program.Network{program.NETWORK_STORAGE}},
		"9.0.2": {[]string{"--network", "storage,chain", "--network", "chain", "--grpc"}, []program.Network{program.NETWORK_CHAIN, program.NETWORK_STORAGE}},
	} {
		w.mustRun(append([]string{"publishRelease", "0x1", address, "--version", version}, c.flags...)...)
		require.Equal(t, c.want, w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgPublishRelease).Release.Program.Network)
	}

	module := filepath.Join(t.TempDir(), "worker.wasm")
	require.NoError(t, os.WriteFile(module, []byte("\x00asm\x01\x00\x00\x00"), 0o600))
	w.chain.sent = nil
	for says, words := range map[string][]string{
		`network: "internet": use chain, storage or both`: {address, "--network", "internet"},
		"no program is an image: only images can reach":   {module, "--network", "chain"},
	} {
		_, err := w.run(append([]string{"publishRelease", "0x1", "--version", "9.0.3"}, words...)...)
		requireBadInput(t, w, err, says)
	}
	// Beside an image another program may stand that reaches nothing.
	w.mustRun("publishRelease", "0x1", address, "--or", module, "--version", "9.0.4", "--network", "chain")
	published := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgPublishRelease).Release
	require.Equal(t, []program.Network{program.NETWORK_CHAIN}, published.Program.Network)
	require.Empty(t, published.Alternatives[0].Network)
}

func TestImagesThatServeGRPCAreRegistered(t *testing.T) {
	w := newWorld(t)
	w.register()
	address := "example.org/me/worker@sha256:" + strings.Repeat("ab", 32)
	for version, c := range map[string]struct {
		flags []string
		safe  bool
	}{
		"9.0.0": {[]string{"--grpc"}, false},
		"9.0.1": {[]string{"--grpc", "--stateless-safe"}, true},
	} {
		w.mustRun(append([]string{"publishRelease", "0x1", address, "--version", version}, c.flags...)...)
		published := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgPublishRelease).Release.Program
		require.Equal(t, program.ABI_GRPC, published.ABI)
		require.Equal(t, c.safe, published.StatelessSafe)
	}

	module := filepath.Join(t.TempDir(), "worker.wasm")
	require.NoError(t, os.WriteFile(module, []byte("\x00asm\x01\x00\x00\x00"), 0o600))
	w.chain.sent = nil
	for says, words := range map[string][]string{
		"stateless-safe: without grpc":  {address, "--stateless-safe"},
		"grpc: together with json":      {address, "--grpc", "--json"},
		"is a WASM module: only images": {module, "--grpc"},
	} {
		_, err := w.run(append([]string{"publishRelease", "0x1", "--version", "9.0.2"}, words...)...)
		requireBadInput(t, w, err, says)
	}
}
