package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// overGap is longer than the longest gap between two blocks that counts on the chain clock, 30 s.
const overGap = 32 * time.Second

// TestFourValidators takes validators away from a chain of four while requests are under way, and brings them back. Whatever
// happens, all of them end in the same state, no request is lost, and every coin is where it belongs. It has the machine for
// itself: with less, blocks would be slower than some windows.
func TestFourValidators(t *testing.T) {
	q := newQuorum(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"all of them compute the same state at every height", q.allUp},
		{"one is killed, which nobody notices, and catches up", q.oneKilled},
		{"all are killed at once and go on together", q.allKilled},
	} {
		if !t.Run(step.name, step.run) {
			return
		}
	}
}

// quorum is a network of four validators, and what is known of it.
type quorum struct {
	*harness.Network
	before  harness.Books
	settled int64 // requests
	checked int64 // the highest block that all are known to agree on
}

const four = 4

func newQuorum(t *testing.T) *quorum {
	t.Helper()
	n := harness.StartNetwork(t, harness.Options{Validators: four})
	// A gap of seconds between two blocks counts on the chain clock: these windows outlast the start of a whole network.
	updated := harness.Command{Args: []string{
		"updateJob", n.Job(), "--hiring", "10s", "--reveal", "20s", "--evaluation", "20s", "--home", n.Folder("admin"),
	}}.Run(t)
	require.Zero(t, updated.Code, "%s", updated)
	return &quorum{Network: n, before: n.Books(t)}
}

// order asks for roots, with a time limit that is shorter than overGap.
func (q *quorum) order(t *testing.T, requests int) []uint64 {
	t.Helper()
	ids := make([]uint64, requests)
	for i := range ids {
		ids[i] = q.Order(t, q.Job(), "{y: 4}", "time_limit: 20000", "max_workers: 1")
	}
	return ids
}

// ranked waits until requests have ended as they should, and asserts that everybody got what is theirs since the beginning.
func (q *quorum) ranked(t *testing.T, ids ...uint64) {
	t.Helper()
	for _, id := range ids {
		r := q.AwaitFinished(t, id)
		require.Equal(t, "OUTCOME_RANKED", r.Outcome, "%+v", r)
		require.Len(t, r.Assignments, 1)
	}
	q.settled += int64(len(ids))
	const reward, share = 10 * harness.AIN, harness.AIN / 5
	require.Equal(t, harness.Books{
		q.Account(t, "client"): q.settled * (-2*reward - share), q.Account(t, "worker"): q.settled * reward,
		q.Account(t, "evaluator"): q.settled * reward, harness.Keepers: q.settled * share,
	}, q.Books(t).Since(q.before))
}

// agree asserts that all validators have the same blocks and states, at every height from the last one that was looked at
// to the newest, and that what each has itself computed is what the blocks say.
func (q *quorum) agree(t *testing.T) {
	t.Helper()
	to := q.height(t)
	// The state after a block is in the header of the next.
	var first []harness.Header
	for number := 1; number <= four; number++ {
		q.AwaitHeight(t, number, to)
		headers, err := q.Headers(number, q.checked+1, to)
		require.NoError(t, err)
		if first == nil {
			first = headers
		}
		require.Equal(t, first, headers, "validator %d", number)

		own, err := q.StateOf(number)
		require.NoError(t, err)
		q.AwaitHeight(t, 1, own.Height+1)
		next, err := q.Headers(1, own.Height+1, own.Height+1)
		require.NoError(t, err)
		require.Equal(t, next[0].App, own.Hash, "validator %d after block %d", number, own.Height)
	}
	states := map[string]bool{}
	for _, header := range first {
		states[header.App] = true
	}
	require.Len(t, states, len(first), "every block changes the state: the clock moves")
	q.checked = to
}

// height of the newest block that a validator that runs has executed.
func (q *quorum) height(t *testing.T) int64 {
	t.Helper()
	newest := int64(0)
	for number := 1; number <= four; number++ {
		if state, err := q.StateOf(number); err == nil {
			newest = max(newest, state.Height)
		}
	}
	require.NotZero(t, newest, "no validator answers")
	return newest
}

func (q *quorum) allUp(t *testing.T) {
	q.ranked(t, q.order(t, 3)...)
	q.agree(t)
	require.Greater(t, q.checked, int64(50))
}

// oneKilled kills the validator that all daemons and clients ask, at different points of three requests' lives.
func (q *quorum) oneKilled(t *testing.T) {
	ids := q.order(t, 2)
	q.AwaitRequest(t, ids[0], "has a worker", harness.Patience, func(r harness.Request) bool { return r.Workers == 1 })
	require.NoError(t, q.KillValidator(1))
	ids = append(ids, q.order(t, 1)...)
	q.ranked(t, ids...)
	_, err := q.StateOf(1)
	require.Error(t, err, "it is still down")

	q.StartValidator(t, 1)
	q.AwaitHeight(t, 1, q.height(t))
	q.agree(t)
}

// allKilled ends everything at once, with requests at different points of their lives.
func (q *quorum) allKilled(t *testing.T) {
	ids := q.order(t, 2)
	q.AwaitRequest(t, ids[0], "has a worker", harness.Patience, func(r harness.Request) bool { return r.Workers == 1 })
	require.NoError(t, q.KillAll())
	require.NoError(t, q.Resume())
	q.ranked(t, append(ids, q.order(t, 1)...)...)
	q.agree(t)
}

// TestTwoOfFourValidatorsKilled leaves half of the votes, which decide nothing, until all deadlines of a request would have
// passed. When the chain goes on, nobody is late.
func TestTwoOfFourValidatorsKilled(t *testing.T) {
	t.Parallel()
	q := newQuorum(t)
	// The evaluator has taken it and the worker is in the contract, which stays open for others.
	id := q.Order(t, q.Job(), "{y: 4}", "time_limit: 20000")
	q.AwaitRequest(t, id, "has a worker", harness.Patience, func(r harness.Request) bool { return r.Workers == 1 })
	require.NoError(t, q.KillValidator(3))
	require.NoError(t, q.KillValidator(4))
	stands := q.height(t)
	<-time.After(overGap) // the time that passes is what this is about
	// Votes that were under way when the two were killed may have decided one more block.
	require.LessOrEqual(t, q.height(t), stands+1, "two of four do not decide")

	q.StartValidator(t, 3)
	q.StartValidator(t, 4)
	q.ranked(t, id)
	q.agree(t)
}
