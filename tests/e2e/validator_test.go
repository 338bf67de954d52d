package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestAFifthValidator joins a chain of four: the rules keep it out until they list it, and then it has a fifth of the votes.
func TestAFifthValidator(t *testing.T) {
	n := harness.StartNetwork(t, harness.Options{Validators: 4})
	owner := n.NewNode(t, "owner", "", "")
	var sent struct{}
	n.ClientJSON(t, &sent, "send", owner.Address, "1100000", "--from", "treasury")
	node := n.NewJoiner(t, "fifth")
	node.Start(t)
	file := node.Describe(t, 1_000_000*harness.AIN)
	before := map[string]int64{}
	for number := 1; number <= 4; number++ {
		before[fmt.Sprintf("validator-%d", number)] = 1_000_000
	}

	t.Run("it is refused by name, before it is sent and when it is executed", func(t *testing.T) {
		refused := harness.Command{Args: []string{
			"tx", "staking", "create-validator", file, "--home", owner.Home, "--from", "owner", "--keyring-backend", "test",
			"--node", n.RPC(), "--chain-id", "ain-devnet-1", "--gas", "auto", "--yes",
		}}.Run(t)
		require.Equal(t, codeFailed, refused.Code, refused.String())
		require.Contains(t, refused.Err, "/cosmos.staking.v1beta1.MsgCreateValidator: "+owner.Address+" is not listed; ask "+n.Account(t, "treasury"))

		owner.Tx(t, "staking", "create-validator", file)
		height, err := n.Height()
		require.NoError(t, err)
		n.AwaitHeight(t, 1, height+3)
		votes, err := n.Votes()
		require.NoError(t, err)
		require.Equal(t, before, votes)
	})
	t.Run("it is listed by the rule's authority and nobody else", func(t *testing.T) {
		list := []string{"setRule", "CreateValidator", "listed", "--add", owner.Address}
		usurped := n.Client(t, list...)
		require.Equal(t, codeFailed, usurped.Code, usurped.String())
		var rule struct{ Accounts []string }
		n.ClientJSON(t, &rule, append(list, "--from", "treasury")...)
		require.Len(t, rule.Accounts, 5)
	})
	t.Run("it joins, and blocks need its vote", func(t *testing.T) {
		awaitHeight(t, n, node)
		owner.Tx(t, "staking", "create-validator", file)
		after := map[string]int64{"fifth": 1_000_000}
		for name, votes := range before {
			after[name] = votes
		}
		harness.Eventually(t, "it is a validator", harness.Patience, func() error {
			votes, err := n.Votes()
			if err == nil && len(votes) != len(after) {
				err = fmt.Errorf("the validators are %v", votes)
			}
			return err
		})
		votes, err := n.Votes()
		require.NoError(t, err)
		require.Equal(t, after, votes)

		// Three of five votes decide nothing: what is decided now, it has voted for.
		require.NoError(t, n.KillValidator(4))
		height, err := n.Height()
		require.NoError(t, err)
		n.AwaitHeight(t, 1, height+20)
		r := n.AwaitFinished(t, n.Order(t, n.Job(), "{y: 4}", "time_limit: 20000", "max_workers: 1"))
		require.Equal(t, "OUTCOME_RANKED", r.Outcome, "%+v", r)
		awaitHeight(t, n, node)
		own, err := node.State()
		require.NoError(t, err)
		n.AwaitHeight(t, 1, own.Height+1)
		next, err := n.Headers(1, own.Height+1, own.Height+1)
		require.NoError(t, err)
		require.Equal(t, next[0].App, own.Hash)
	})
}

// awaitHeight waits until a node that joins has caught up.
func awaitHeight(t *testing.T, n *harness.Network, node *harness.Joiner) {
	t.Helper()
	height, err := n.Height()
	require.NoError(t, err)
	harness.Eventually(t, fmt.Sprintf("it reaches height %d", height), harness.Patience, func() error {
		state, err := node.State()
		if err == nil && state.Height < height {
			err = fmt.Errorf("it is at %d", state.Height)
		}
		return err
	})
}
