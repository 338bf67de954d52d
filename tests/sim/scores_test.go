package sim

import (
	"fmt"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/app"
	reputationsim "github.com/ain-network/aind/x/reputation/simulation"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Every counter, rating, streak, metric and place in a tree follows from the events alone, after every block of every
// seed.
func TestScoresFollowFromEvents(t *testing.T) {
	for i := range *seeds {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			t.Parallel()
			tape := once(t, int64(i+1)).tape
			var genesis reputationtypes.GenesisState
			codec := newApplication(t).AppCodec()
			codec.MustUnmarshalJSON(tape.module(t, reputationtypes.ModuleName), &genesis)
			ledger := reputationsim.NewLedger(genesis)
			rated := 0
			tape.play(t, func(*app.App) {}, func(e abci.Event) {
				require.NoError(t, ledger.Read(e))
			}, func(p *playing) {
				state, err := p.Reputation.ExportGenesis(p.NewContext(true))
				require.NoError(t, err)
				require.NoError(t, ledger.Compare(*state), "after block %d", len(p.hashes))
				rated = 0
				for _, s := range state.Scores {
					if s.RatingChange != 0 && s.Valid+s.Invalid > 0 {
						rated++
					}
				}
			})
			scores, nodes := ledger.Size()
			t.Logf("%d scores, of which %d with games, and %d nodes", scores, rated, nodes)
			require.NotZero(t, rated)
		})
	}
}
