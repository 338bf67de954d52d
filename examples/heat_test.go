package examples

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ain-network/aind/sandbox"
)

// rod is worked out here a second time.
func rod(cells, steps int, left, right int64) []int64 {
	rod := make([]int64, cells)
	rod[0], rod[cells-1] = left, right
	for range steps {
		next := make([]int64, cells)
		next[0], next[cells-1] = left, right
		for i := 1; i < cells-1; i++ {
			next[i] = rod[i] + (rod[i-1]-2*rod[i]+rod[i+1])>>2 // Python rounds down, too
		}
		rod = next
	}
	return rod
}

func cellsOf(reply protoreflect.Message) (cells []int64) {
	list := field(reply, "cells").List()
	for i := range list.Len() {
		cells = append(cells, list.Get(i).Int())
	}
	return cells
}

// segments runs the worker as a node does, and returns its reply and the states that it left.
func (e *example) segments(input string) (protoreflect.Message, []string) {
	e.t.Helper()
	var states []string
	for {
		out := e.t.TempDir()
		reply, err := e.run(e.worker, "aa", input, func(r *sandbox.Run) {
			r.OutDir = out
			r.Env[sandbox.EnvSegment] = strconv.Itoa(len(states))
			if n := len(states); n > 0 {
				found := filepath.Join(e.t.TempDir(), "state")
				require.NoError(e.t, os.WriteFile(found, []byte(states[n-1]), 0o600))
				r.Inputs = map[string]string{"state": found}
			}
		})
		require.NoError(e.t, err)
		state, err := os.ReadFile(filepath.Join(out, "state"))
		if os.IsNotExist(err) {
			return reply, states
		}
		require.NoError(e.t, err)
		states = append(states, string(state))
	}
}

func TestHeat(t *testing.T) {
	e := open(t, "heat", sandbox.KindScript)
	const input = "cells: 12 steps: 2500 left: 1000000 right: -500"
	reply, states := e.segments(input)
	require.Equal(t, rod(12, 2500, 1_000_000, -500), cellsOf(reply))
	require.Len(t, states, 2)
	for i, state := range states {
		require.True(t, strings.HasPrefix(state, fmt.Sprintf("[%d, [", (i+1)*1000)), state)
	}
	again, same := e.segments(input)
	require.Equal(t, cellsOf(reply), cellsOf(again))
	require.Equal(t, states, same, "byte for byte")

	t.Run("what takes no longer than a segment leaves no state", func(t *testing.T) {
		reply, states := e.segments("cells: 3 steps: 1000 left: 8 right: 8")
		require.Equal(t, rod(3, 1000, 8, 8), cellsOf(reply))
		require.Empty(t, states)
	})
	t.Run("a rod of two cells is refused by name", func(t *testing.T) {
		_, err := e.run(e.worker, "aa", "cells: 2")
		require.ErrorIs(t, err, sandbox.ErrCrashed)
		assert.ErrorContains(t, err, "cells = 2")
	})
	t.Run("the evaluator leaves out what cannot be", func(t *testing.T) {
		list := func(cells []int64) string {
			return strings.Trim(strings.ReplaceAll(fmt.Sprint(cells), " ", ", "), "[]")
		}
		verdict := e.mustRun(e.evaluator, "", fmt.Sprintf(`request {%s}
			workers {node: 'right' response {cells: [%s]}}
			workers {node: 'short' response {cells: [1000000, -500]}}
			workers {node: 'loose' response {cells: [%s]}}
			workers {node: 'hot' response {cells: [1000000, 1000001, 0, 0, 0, 0, 0, 0, 0, 0, 0, -500]}}`,
			input, list(cellsOf(reply)), list(rod(12, 10, 1_000_000, 0))))
		ranking := field(verdict, "ranking").List()
		require.Equal(t, 1, ranking.Len())
		require.Equal(t, "right", field(ranking.Get(0).Message(), "node").String())
	})
}
