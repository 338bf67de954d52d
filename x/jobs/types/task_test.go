package types_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

const customSchema = "../../../examples/custom-code/job_schema.proto"

// parseTask compiles the schema of jobs whose requests name their program, with one text replaced.
func parseTask(t *testing.T, old, replacement string) *types.Schema {
	t.Helper()
	source, err := os.ReadFile(customSchema)
	require.NoError(t, err)
	require.Contains(t, string(source), old)
	file := compileFile(t, strings.Replace(string(source), old, replacement, 1))
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{file}})
	require.NoError(t, err)
	schema, err := types.ParseSchema(set, types.DefaultParams().SchemaLimits())
	require.NoError(t, err)
	return schema
}

func TestRequestsNameTheirProgramByFixedFields(t *testing.T) {
	requested := types.ReleaseSpec{Program: program.Program{Kind: program.PROGRAM_KIND_REQUESTED}}
	require.NoError(t, parseTask(t, "", "").CheckProgram(requested))
	require.NoError(t, parseTask(t, "message Code", "message Other {}\nmessage Code").CheckProgram(requested))
	for name, c := range map[string]struct{ old, replacement, says string }{
		"a field more":        {"Code check = 2;", "Code check = 2; string more = 3;", "message Task: 3 fields instead of 2"},
		"a field less":        {"uint64 output_size = 6;", "", "message Outcome: 5 fields instead of 6"},
		"another name":        {"string digest = 2;     //", "string hash = 2; //", "message Code: field 2 is not string digest"},
		"another type":        {"uint64 size = 3;       //", "uint32 size = 3; //", "message Code: field 3 is not uint64 size"},
		"another number":      {"repeated File files = 6;", "repeated File files = 7;", "message Code: field 6 is not repeated message files"},
		"one in place of all": {"repeated string args", "string args", "message Code: field 5 is not repeated string args"},
		"a choice":            {"string kind = 1;", "oneof of { string kind = 1; }", "message Code: field 1 is not string kind"},
		"presence":            {"string failure = 2;", "optional string failure = 2;", "message Outcome: field 2 is not string failure"},
		"a map":               {"repeated File files = 6;", "map<string, File> files = 6;", "message Code: field 6 is not repeated message files"},
		"a file without size": {"string digest = 2;\n  uint64 size = 3;", "string digest = 2;", "message File: 2 fields instead of 3"},
	} {
		t.Run(name, func(t *testing.T) {
			schema := parseTask(t, c.old, c.replacement)
			err := schema.CheckProgram(requested)
			require.ErrorIs(t, err, types.ErrSchema)
			require.ErrorContains(t, err, c.says)
			require.NoError(t, schema.CheckProgram(releaseSpec()), "programs that are released ask for no such fields")
		})
	}
}

// What the shape asks for is what daemons read and write.
func TestTheShapeIsThatOfTheMessagesOfDaemons(t *testing.T) {
	schema := parseTask(t, "", "")
	file := program.TaskFile{Name: "in", Digest: types.Digest(nil), Size_: 1}
	code := &program.Code{Kind: "image", Digest: types.Digest(nil), Size_: 2, EntryPoint: "python3", Args: []string{"a", "b"}, Files: []program.TaskFile{file}}
	input, err := (&program.Task{Program: code, Check: code}).Marshal()
	require.NoError(t, err)
	assert.NoError(t, schema.DecodeRequest(input))
	reply, err := (&program.TaskOutcome{
		ExitStatus: 3, Failure: "f", Stdout: "o", Stderr: "e", OutputDigest: types.Digest(nil), OutputSize: 4,
	}).Marshal()
	require.NoError(t, err)
	assert.NoError(t, schema.DecodeReply(reply))
}
