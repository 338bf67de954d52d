package program_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
)

func TestTasksThatNobodyCouldRunAreRefused(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	good := func() program.Task {
		code := func() *program.Code {
			return &program.Code{Kind: program.CodeImage, Digest: digest, Size_: 1, EntryPoint: "python3", Args: []string{"a", ""}, Files: []program.TaskFile{
				{Name: "data.csv", Digest: digest, Size_: 2}, {Name: "..more", Digest: digest, Size_: 2},
			}}
		}
		return program.Task{Program: code(), Check: code()}
	}
	require.NoError(t, good().Validate())
	for name, c := range map[string]struct {
		change func(*program.Task)
		says   string
	}{
		"no program":              {func(t *program.Task) { t.Program = nil }, "program: missing; name what is to be run"},
		"no kind":                 {func(t *program.Task) { t.Program.Kind = "" }, `program.kind: "": want wasm, script or image`},
		"unknown kind":            {func(t *program.Task) { t.Check.Kind = "exe" }, `check.kind: "exe": want wasm, script or image`},
		"tag":                     {func(t *program.Task) { t.Program.Digest = "python:3.12" }, `program.digest: "python:3.12": want sha256: and 64 lower-case hex digits`},
		"capitals":                {func(t *program.Task) { t.Program.Digest = strings.ToUpper(digest) }, "program.digest: "},
		"a digit less":            {func(t *program.Task) { t.Program.Digest = digest[:70] }, "program.digest: "},
		"no size":                 {func(t *program.Task) { t.Program.Size_ = 0 }, "program.size: 0 bytes; want at least 1"},
		"entry point of a script": {func(t *program.Task) { t.Program.Kind = program.CodeScript }, `program.entry_point: "python3": only an image has one; leave it out`},
		"too many arguments":      {func(t *program.Task) { t.Program.Args = make([]string, 257) }, "program.args: 257 of at most 256"},
		"an argument with NUL":    {func(t *program.Task) { t.Program.Args[1] = "a\x00" }, "program.args[1]: holds NUL"},
		"too many files":          {func(t *program.Task) { t.Program.Files = make([]program.TaskFile, 257) }, "program.files: 257 of at most 256"},
		"two files of a name":     {func(t *program.Task) { t.Program.Files[1].Name = "data.csv" }, `program.files[1].name: "data.csv": given twice`},
		"a file above":            {func(t *program.Task) { t.Program.Files[0].Name = ".." }, `program.files[0].name: "..": want a plain file name`},
		"a file elsewhere":        {func(t *program.Task) { t.Program.Files[0].Name = "../etc/passwd" }, `want a plain file name`},
		"a file without a name":   {func(t *program.Task) { t.Check.Files[0].Name = "" }, `check.files[0].name: "": want a plain file name`},
		"a file without a digest": {func(t *program.Task) { t.Program.Files[1].Digest = "" }, `program.files[1].digest: "": want sha256:`},
		"an empty file":           {func(t *program.Task) { t.Program.Files[1].Size_ = 0 }, "program.files[1].size: 0 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			task := good()
			c.change(&task)
			require.ErrorContains(t, task.Validate(), c.says)
		})
	}
}
