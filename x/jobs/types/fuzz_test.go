package types_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// FuzzSchema: bytes that are taken for a schema can be used as one, and the same bytes
// are always judged the same.
func FuzzSchema(f *testing.F) {
	limits := types.DefaultParams().SchemaLimits()
	for _, source := range []string{everyKind, full, header + worker + evaluator + messages + short, header} {
		f.Add(serialize(f, compileFile(f, source)))
	}
	f.Fuzz(func(t *testing.T, descriptors []byte) {
		schema, err := types.ParseSchema(descriptors, limits)
		again, errAgain := types.ParseSchema(descriptors, limits)
		if err != nil {
			require.EqualError(t, errAgain, err.Error())
			require.True(t, utf8.ValidString(err.Error()), "%q", err)
			return
		}
		require.NoError(t, errAgain)
		require.Equal(t, schema.WorkerMethod(), again.WorkerMethod())
		require.NotEmpty(t, schema.WorkerService())
		require.LessOrEqual(t, schema.Size(), int(limits.MaxBytes))
		require.NoError(t, schema.DecodeRequest(nil), "the empty message is one of every type")
		require.NoError(t, schema.DecodeReply(nil))
		if schema.HasEvaluator() {
			built, err := schema.BuildEvaluatorInput(nil, []types.WorkerReply{{Node: "a"}, {Node: "b"}})
			require.NoError(t, err)
			require.NotEmpty(t, built)
			_, err = schema.ParseRanking(nil, nil)
			require.NoError(t, err)
		}
	})
}

// FuzzRanking: what an evaluator's program writes is refused, or is a ranking.
func FuzzRanking(f *testing.F) {
	schema, err := parse(f, full)
	require.NoError(f, err)
	for _, seed := range []string{"", "\x0a\x07\x0a\x01a\x10\x05\x18\x01", "\x0a\x07\x0a\x01a\x10\x05\x18\x01\x0a\x07\x0a\x01a\x10\x05\x18\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, output []byte) {
		ranked, err := schema.ParseRanking(output, nil)
		if err != nil {
			require.True(t, utf8.ValidString(err.Error()), "%q", err)
			return
		}
		seen := map[string]bool{}
		for i, entry := range ranked {
			require.False(t, seen[entry.Node], "twice: %q", entry.Node)
			seen[entry.Node] = true
			require.True(t, i == 0 || entry.Score <= ranked[i-1].Score, "rises")
		}
	})
}

// FuzzReference: a reference that is accepted names 32 bytes in one spelling only.
func FuzzReference(f *testing.F) {
	f.Add(types.Digest(nil), uint64(0))
	f.Add("sha256:", uint64(1<<63))
	f.Add("SHA256:"+types.Digest(nil)[7:], uint64(1))
	params := types.DefaultParams()
	f.Fuzz(func(t *testing.T, digest string, size uint64) {
		input := types.Input{Reference: &types.Reference{Digest: digest, Size_: size}}
		if err := input.Validate("input", params); err != nil {
			require.ErrorContains(t, err, "input.reference.")
			return
		}
		require.LessOrEqual(t, size, params.MaxReferenceBytes)
		require.Len(t, digest, 71)
		sum, err := types.ParseDigest(digest)
		require.NoError(t, err)
		named, err := types.ResultDigest(types.Result{Reference: input.Reference})
		require.NoError(t, err)
		require.Equal(t, sum, named)
	})
}

// FuzzCommitment: two commitments are the same only if all that they bind is.
func FuzzCommitment(f *testing.F) {
	f.Add("ain-1", uint64(1), []byte("worker"), []byte("result"), []byte("salt"), "ain-1", uint64(1), []byte("worker"), []byte("result"), []byte("salt"))
	f.Add("ain", uint64(0x2d31), []byte("w"), []byte("a"), []byte("b"), "ain-1", uint64(0), []byte(""), []byte("ab"), []byte(""))
	f.Fuzz(func(t *testing.T,
		chainA string, requestA uint64, workerA, resultA, saltA []byte,
		chainB string, requestB uint64, workerB, resultB, saltB []byte,
	) {
		commit := func(chain string, request uint64, worker, result, salt []byte) [32]byte {
			digest, err := types.ResultDigest(types.Result{Inline: result})
			require.NoError(t, err)
			return types.Commitment(chain, request, sdk.AccAddress(worker), digest, salt)
		}
		same := chainA == chainB && requestA == requestB &&
			bytes.Equal(workerA, workerB) && bytes.Equal(resultA, resultB) && bytes.Equal(saltA, saltB)
		require.Equal(t, same, commit(chainA, requestA, workerA, resultA, saltA) == commit(chainB, requestB, workerB, resultB, saltB))
		seeds := types.Seed(chainA, requestA, workerA) == types.Seed(chainB, requestB, workerB)
		require.Equal(t, chainA == chainB && requestA == requestB && bytes.Equal(workerA, workerB), seeds)
	})
}

// FuzzRelease: a release that is accepted has a statement that every reader of JSON
// understands alike, and its signature is over nothing else.
func FuzzRelease(f *testing.F) {
	f.Add("1.0.0", "", "linux", "amd64", uint64(1), uint8(program.PROGRAM_KIND_WASM), uint8(program.ABI_STDIO_PROTO))
	f.Add("1.0.0-rc.1+build", "Main", "", "", uint64(1)<<40, uint8(program.PROGRAM_KIND_SCRIPT), uint8(program.ABI_SCRIPT))
	params := types.DefaultParams()
	f.Fuzz(func(t *testing.T, version, entry, os, arch string, size uint64, kind, abi uint8) {
		spec := types.ReleaseSpec{
			Role: program.ROLE_WORKER, Version: version, Platforms: []program.Platform{{OS: os, Arch: arch}},
			Program: program.Program{
				Kind: program.ProgramKind(kind), ABI: program.ABI(abi), Digest: types.Digest(nil), Size_: size, EntryPoint: entry,
			},
		}
		if kind == uint8(program.PROGRAM_KIND_SCRIPT) {
			spec.Program.Runtime = entry
		}
		if err := spec.Validate("release", params); err != nil {
			require.True(t, utf8.ValidString(err.Error()), "%q", err)
			return
		}
		require.False(t, types.IsNewerVersion(version, version))
		var read struct {
			Predicate struct {
				Version, EntryPoint string
				Size                uint64
				Platforms           []struct{ OS, Arch string }
			}
		}
		require.NoError(t, json.Unmarshal(types.ReleaseStatement("s", spec), &read))
		require.Equal(t, version, read.Predicate.Version)
		require.Equal(t, entry, read.Predicate.EntryPoint)
		require.Equal(t, size, read.Predicate.Size)
		require.Equal(t, os, read.Predicate.Platforms[0].OS)
		other := spec
		other.Program.Size_++
		require.NotEqual(t, types.ReleasePAE("s", spec), types.ReleasePAE("s", other))
	})
}
