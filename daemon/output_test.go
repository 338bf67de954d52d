package daemon_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func TestOutputIsFetchedFromWhereItsResultSays(t *testing.T) {
	store := daemontest.NewStore(t)
	small, large := []byte("small"), bytes.Repeat([]byte("0123456789abcdef"), (65<<20)/16)
	for name, content := range map[string][]byte{"whole": small, "in chunks": large} {
		t.Run(name, func(t *testing.T) {
			ref, err := chunk.Put(t.Context(), store, bytes.NewReader(content), int64(len(content)), chunk.Options{})
			require.NoError(t, err)
			outcome := program.TaskOutcome{OutputDigest: storage.DigestOf(content).String(), OutputSize: uint64(len(content))}
			named := jobstypes.Reference{Digest: ref.Digest.String(), Size_: uint64(ref.Size), Space: 8, Chunked: ref.Chunked}
			result := &jobstypes.Result{Files: []jobstypes.NamedReference{{Name: "log", Reference: jobstypes.Reference{}}, {Name: daemon.OutputName, Reference: named}}}
			got, err := daemon.OutputOf(outcome, result)
			require.NoError(t, err)
			require.Equal(t, named, got)
			path := filepath.Join(t.TempDir(), "out")
			require.NoError(t, daemon.FetchOutput(t.Context(), store, outcome, got, path))
			require.FileExists(t, path)

			result.Files[1].Reference.Size_++
			_, err = daemon.OutputOf(outcome, result)
			require.ErrorIs(t, err, daemon.ErrTask)
		})
	}
	outcome := program.TaskOutcome{OutputDigest: storage.DigestOf(small).String(), OutputSize: 5}
	got, err := daemon.OutputOf(outcome, nil)
	require.NoError(t, err)
	require.Equal(t, jobstypes.Reference{Digest: outcome.OutputDigest, Size_: 5}, got, "in the store of a whole network")
	other := storage.DigestOf([]byte("other")).String()
	_, err = daemon.OutputOf(outcome, &jobstypes.Result{Files: []jobstypes.NamedReference{{Name: daemon.OutputName, Reference: jobstypes.Reference{Digest: other, Size_: 5}}}})
	require.ErrorContains(t, err, "its output is "+outcome.OutputDigest+" with 5 bytes, its result's file is "+other+" with 5")
	_, err = daemon.OutputOf(program.TaskOutcome{OutputDigest: "sha256:00"}, nil)
	require.ErrorIs(t, err, daemon.ErrTask)
}

// What the chunks give is another content than the reply says: nobody unpacks it.
func TestOutputInChunksIsWhatTheOutcomeSays(t *testing.T) {
	store := daemontest.NewStore(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), (65<<20)/16)
	ref, err := chunk.Put(t.Context(), store, bytes.NewReader(content), int64(len(content)), chunk.Options{})
	require.NoError(t, err)
	outcome := program.TaskOutcome{OutputDigest: storage.DigestOf([]byte("other")).String(), OutputSize: uint64(ref.Size)}
	named := jobstypes.Reference{Digest: ref.Digest.String(), Size_: uint64(ref.Size), Chunked: true}
	path := filepath.Join(t.TempDir(), "out")
	require.ErrorIs(t, daemon.FetchOutput(t.Context(), store, outcome, named, path), storage.ErrDigestMismatch)
	require.NoFileExists(t, path)
}
