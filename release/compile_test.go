package release_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

var limits = jobstypes.DefaultParams().SchemaLimits()

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestTheExamplesCompileToWhatTheChainAccepts(t *testing.T) {
	paths, err := filepath.Glob("../examples/*/job_schema.proto")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			set, err := release.Compile(t.Context(), path)
			require.NoError(t, err)
			schema, err := jobstypes.ParseSchema(set, limits)
			require.NoError(t, err)
			require.Equal(t, "Worker", schema.WorkerService())

			again, err := release.Compile(t.Context(), path)
			require.NoError(t, err)
			require.Equal(t, set, again, "the same source gives the same digest")
		})
	}
}

func TestASchemaMayImportWhatTheChainKnows(t *testing.T) {
	set, err := release.Compile(t.Context(), writeFile(t, "s.proto", `syntax = "proto3";
import "google/protobuf/timestamp.proto";
service Worker { rpc Run(A) returns (A); }
message A { google.protobuf.Timestamp at = 1; }`))
	require.NoError(t, err)
	_, err = jobstypes.ParseSchema(set, limits)
	require.NoError(t, err)
}

func TestCompileSaysWhereAndHow(t *testing.T) {
	for _, c := range []struct {
		name, source string
		says         []string
	}{
		{
			name: "two things of one name, as in the paper's sample",
			source: `syntax = "proto3";
service Worker { rpc Run(Request) returns (Reply); }
message Request { float y = 1; }
message Reply { float x = 1; }
message Worker { string node = 1; }`,
			says: []string{"s.proto:", "already defined", "rename one of them"},
		},
		{
			name: "an rpc with two arguments, as in the paper's sample",
			source: `syntax = "proto3";
service Evaluator { rpc Rank(Request, Request) returns (Request); }
message Request { float y = 1; }`,
			says: []string{"s.proto:2:37", "an rpc takes one message"},
		},
		{
			name: "a field without a type, as in the paper's sample",
			source: `syntax = "proto3";
message Result { repeated node = 1; }`,
			says: []string{"s.proto:2:"},
		},
		{
			name:   "a type that nobody declared",
			source: "syntax = \"proto3\";\nmessage A { B b = 1; }",
			says:   []string{"s.proto:2:13", "unknown type", "declare the message"},
		},
		{
			name:   "an older syntax",
			source: "syntax = \"proto2\";\nmessage A { optional int32 b = 1; }",
			says:   []string{"s.proto:1:1", "not proto3"},
		},
		{
			name:   "no syntax line",
			source: "message A { }",
			says:   []string{"s.proto:1:1", "not proto3"},
		},
		{
			name:   "an import of another file",
			source: "syntax = \"proto3\";\nimport \"other.proto\";\nmessage A { }",
			says:   []string{"s.proto:2:", "cannot be imported"},
		},
		{
			name:   "a standard import that the chain does not know",
			source: "syntax = \"proto3\";\nimport \"google/protobuf/any.proto\";\nmessage A { google.protobuf.Any b = 1; }",
			says:   []string{"google/protobuf/any.proto", "may be imported"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := release.Compile(t.Context(), writeFile(t, "s.proto", c.source))
			require.ErrorIs(t, err, release.ErrSchema)
			for _, text := range c.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
	t.Run("a file that is not there", func(t *testing.T) {
		_, err := release.Compile(t.Context(), filepath.Join(t.TempDir(), "none.proto"))
		require.ErrorIs(t, err, release.ErrSchema)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}
