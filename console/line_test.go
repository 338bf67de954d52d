package console

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func TestSplitLine(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       []string
		err        string
	}{
		{name: "words are separated by spaces", line: "  stats   0x1 ", want: []string{"stats", "0x1"}},
		{name: "an object is one word", line: "requestJob {job_id: 0x1, reward: [10, 10]}", want: []string{"requestJob", "{job_id: 0x1, reward: [10, 10]}"}},
		{name: "quotes around a word are taken off", line: `approveNode 7 --reject 'too slow'`, want: []string{"approveNode", "7", "--reject", "too slow"}},
		{name: "quotes after an equals sign hold a value together", line: `x --name="a b"`, want: []string{"x", `--name="a b"`}},
		{name: "quotes inside of an object stay", line: `x {a: "b } c"}`, want: []string{"x", `{a: "b } c"}`}},
		{name: "an apostrophe inside of a word is a letter", line: "echo it's", want: []string{"echo", "it's"}},
		{name: "nothing is no words", line: "   "},
		{name: "a bracket closes what it opened", line: "x {a: [1}", err: "without its partner"},
		{name: "a brace that nothing opened is refused", line: "x }", err: "without its partner"},
		{name: "an object may go on in the next line", line: "x {a: 1,", err: "unfinished"},
	} {
		t.Run(c.name, func(t *testing.T) {
			words, err := splitLine(c.line)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, words)
		})
	}
}

// FuzzLine types anything: a line is words, or an error about the input, and never a panic.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{"stats 0x1", "requestJob {a: [1, 'b']}", `x "`, "}{", "a=\"b c\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitLine(line)
		var bad interface{ BadInput() }
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("%v is not about the input", err)
		}
		if err == nil && len(words) == 0 && strings.TrimSpace(line) != "" {
			t.Fatalf("nothing was read of %q", line)
		}
	})
}

// FuzzInput writes anything for an input: what is accepted decodes as the job's request.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{"{y: 4}", "{y: .inf}", "{y: 0x10}", "{}", "{y: [1]}", "{y: &a 1}", "{y: 1e400}", "~", "{y: !!int 4}", "{1: 2}"} {
		f.Add(seed)
	}
	descriptors, err := release.Compile(f.Context(), "../examples/calculate-root/job_schema.proto")
	require.NoError(f, err)
	schema, err := jobstypes.ParseSchema(descriptors, jobstypes.DefaultParams().SchemaLimits())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		value, err := parseValue("job_input", text)
		if err != nil {
			return
		}
		encoded, err := encodeMessage("job_input", schema.WorkerInput(), value)
		if err != nil {
			return
		}
		if err := schema.DecodeRequest(encoded); err != nil {
			t.Fatalf("%q was accepted and does not decode: %v", text, err)
		}
		if _, err := decodeReply(schema.WorkerInput(), encoded); err != nil {
			t.Fatalf("%q was accepted and cannot be shown: %v", text, err)
		}
	})
}
