package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/jobs/types"
)

// Forged work is what the last verdict that was given says, whichever way it went.
func TestForgedIsOfTheLastVerdict(t *testing.T) {
	first := types.Challenge{Verdict: types.VERDICT_OVERTURNED, Forged: []string{"w1"}}
	for name, c := range map[string]struct {
		last types.Challenge
		want []string
	}{
		"confirms":   {types.Challenge{Verdict: types.VERDICT_CONFIRMED, Forged: []string{"w2"}}, []string{"w2"}},
		"overturns":  {types.Challenge{Verdict: types.VERDICT_OVERTURNED, Forged: []string{"w2"}}, []string{"w2"}},
		"names none": {types.Challenge{Verdict: types.VERDICT_CONFIRMED}, nil},
		"is silent":  {types.Challenge{Verdict: types.VERDICT_SILENT}, []string{"w1"}},
		"is owed":    {types.Challenge{}, []string{"w1"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, types.Request{Challenges: []types.Challenge{first, c.last}}.Forged())
		})
	}
}
