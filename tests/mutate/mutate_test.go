package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite testdata/planted.txt with what is found")

// try runs the command on the planted module, whose tests miss a few things on purpose.
func try(t *testing.T, explained string, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "survivors.txt")
	require.NoError(t, os.WriteFile(file, []byte(explained), 0o600))
	var out bytes.Buffer
	err := run(append([]string{"-dir", "testdata/planted", "-packages", "./pay", "-explained", file}, args...), &out)
	return out.String(), err
}

// Every mutant of the planted module, and what became of it, is in planted.txt.
func TestPlantedModule(t *testing.T) {
	before, err := os.ReadFile("testdata/planted/pay/pay.go")
	require.NoError(t, err)

	out, err := try(t, "", "-count", "0")

	require.ErrorContains(t, err, "no test notices these")
	require.ErrorContains(t, err, "pay Fits: off by one: n <= size => n < size", "the test has no box that is full")
	require.NotContains(t, err.Error(), "ErrSame", "a refusal that is tested")
	after, err := os.ReadFile("testdata/planted/pay/pay.go")
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "no file of the tree is changed")
	if *update {
		require.NoError(t, os.WriteFile("testdata/planted.txt", []byte(out), 0o644))
	}
	want, err := os.ReadFile("testdata/planted.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), out)
}

func TestASurvivorWithAReasonIsNoFault(t *testing.T) {
	const full = "pay Fits: off by one: n <= size => n < size"
	out, err := try(t, "# prose\n\n"+full+" :: boxes are never full\n", "-only", full, "-count", "0")

	require.NoError(t, err)
	var last struct {
		Mutants, Explained, Survived int
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	require.Equal(t, 1, last.Mutants)
	require.Equal(t, 1, last.Explained)
	require.Zero(t, last.Survived)
}

func TestExplanationsAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ explained, says string }{
		"of a place that is gone": {"pay Lost: flip: a == b => a != b :: a reason\n", "no longer there; delete:\npay Lost: flip"},
		"without a reason":        {"pay Fits: flip: a == b => a != b\n", ":1: not `<survivor> :: <reason>`"},
		"given twice":             {"a b :: c\na b :: d\n", ":2: explained twice: a b"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := try(t, c.explained, "-list")
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestTheSeedDrawsTheSample(t *testing.T) {
	draw := func(seed string) string {
		out, err := try(t, "", "-list", "-count", "8", "-seed", seed)
		require.NoError(t, err)
		_, sample, _ := strings.Cut(out, "\n")
		return sample
	}
	require.Equal(t, draw("1"), draw("1"))
	require.NotEqual(t, draw("1"), draw("2"))
	require.Len(t, strings.Split(strings.TrimSpace(draw("1")), "\n"), 8)
}
