package sandboxtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
)

// PlainProbe is the source, relative to Root, of a program that serves no rpc; with .py added, of the same as a script.
const PlainProbe = "sandbox/sandboxtest/testdata/plain"

// PlainProgram is a file as a program that serves no rpc.
func PlainProgram(t testing.TB, kind sandbox.Kind, file string) sandbox.Program {
	t.Helper()
	return sandbox.Program{Kind: kind, File: file, Digest: Digest(t, file), Codec: sandbox.CodecPlain}
}

// RunPlain holds a sandbox to what plain programs may count on. p is the plain probe.
func RunPlain(t *testing.T, box sandbox.Sandbox, p sandbox.Program) {
	t.Helper()
	require.NoError(t, box.Prepare(context.Background(), p))
	for _, c := range []struct {
		args   []string
		input  string
		status int
	}{
		{[]string{"0"}, "", 0},
		{[]string{"0", "a b", "--flag=ü"}, "one\ntwo", 0},
		{[]string{"7", ""}, "x", 7},
		{[]string{"255"}, "x", 255},
	} {
		out := t.TempDir()
		result, err := box.Run(context.Background(), sandbox.Run{
			Program: p, Args: c.args, Input: []byte(c.input), OutDir: out, Env: map[string]string{sandbox.EnvRequest: "42"},
		})
		require.NoError(t, err)
		words := c.args[0]
		for _, arg := range c.args[1:] {
			words += "," + arg
		}
		assert.Equal(t, words+"|"+c.input+"|42", string(result.Output))
		assert.Equal(t, c.status, result.ExitStatus)
		assert.Equal(t, "said", string(result.Log))
		made, err := os.ReadFile(filepath.Join(out, "made"))
		require.NoError(t, err, "what a program leaves is kept whatever its status is")
		assert.Equal(t, c.input, string(made))
	}
	_, err := box.Run(context.Background(), sandbox.Run{Program: p, Args: []string{"a\x00b"}})
	require.ErrorContains(t, err, "holds NUL")
	bound := p
	bound.Codec = sandbox.CodecProto
	_, err = box.Run(context.Background(), sandbox.Run{Program: bound, Args: []string{"0"}})
	require.Error(t, err, "only plain programs have arguments")
}
