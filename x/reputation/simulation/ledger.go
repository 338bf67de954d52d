package simulation

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// place is an account in a job, or, with job 0, in all.
type place struct {
	job   uint64
	owner string
}

// Ledger recomputes every score and every place in a tree from a genesis and the events since, as anybody can who has
// no state. It shares no counting with the keeper, only the formula of ratings, which has tests of its own.
type Ledger struct {
	params types.Params
	nodes  map[place]types.Node
	scores map[place]types.Score
	// claimed is what EventRated says of each rating's changes, to be held against what the ledger finds.
	claimed map[place]int64
}

// NewLedger starts from a genesis.
func NewLedger(genesis types.GenesisState) *Ledger {
	l := &Ledger{
		params: genesis.Params, nodes: map[place]types.Node{}, scores: map[place]types.Score{}, claimed: map[place]int64{},
	}
	for _, n := range genesis.Nodes {
		l.nodes[place{n.JobId, n.Owner}] = stripped(n)
	}
	for _, s := range genesis.Scores {
		l.scores[place{s.JobId, s.Owner}] = s
		l.claimed[place{s.JobId, s.Owner}] = s.RatingChange
	}
	return l
}

// stripped is what of a node the events tell: no times, no capability.
func stripped(n types.Node) types.Node {
	return types.Node{
		JobId: n.JobId, Owner: n.Owner, Roles: n.Roles, Parent: n.Parent, Status: n.Status,
		Children: n.Children, HasApproved: n.HasApproved, Forged: n.Forged,
	}
}

// Read takes one event in, in the order of the chain. What is none of this module's is passed over.
func (l *Ledger) Read(raw abci.Event) error {
	if proto.MessageType(raw.Type) == nil {
		return nil
	}
	// What baseapp adds, where a block's own event comes from, is no JSON as the fields are.
	raw.Attributes = slices.DeleteFunc(slices.Clone(raw.Attributes), func(a abci.EventAttribute) bool { return a.Key == "mode" })
	event, err := sdk.ParseTypedEvent(raw)
	if err != nil {
		return fmt.Errorf("event %s: %w", raw.Type, err)
	}
	switch e := event.(type) {
	case *types.EventParamsUpdated:
		l.params = e.Params
	case *types.EventTreePlanted:
		l.nodes[place{e.JobId, e.Root}] = types.Node{
			JobId: e.JobId, Owner: e.Root, Roles: []program.Role{program.ROLE_ADMIN}, Status: types.NODE_STATUS_ACTIVE,
		}
	case *types.EventNodeApproved:
		l.approved(e)
	case *types.EventNodeDropped:
		l.ended(e.JobId, e.Node, types.NODE_STATUS_DROPPED)
		l.both(e.JobId, e.Parent, func(s *types.Score) { s.ChildrenDropped++ })
	case *types.EventNodeLeft:
		l.ended(e.JobId, e.Node, types.NODE_STATUS_LEFT)
	case *types.EventScored:
		return l.scored(e)
	case *types.EventPlayed:
		l.played(e)
	case *types.EventRated:
		for _, job := range []uint64{e.JobId, types.TotalJobID} {
			l.claimed[place{job, e.Owner}] += e.Change
		}
	case *types.EventMeasured:
		return l.measured(e)
	}
	return nil
}

// approved adds a child to the parent only where the node was not active before: else it got roles.
func (l *Ledger) approved(e *types.EventNodeApproved) {
	at := place{e.JobId, e.Node}
	node := l.nodes[at]
	joins := node.Status != types.NODE_STATUS_ACTIVE
	node.JobId, node.Owner, node.Parent, node.Roles, node.Status = e.JobId, e.Node, e.Parent, e.Roles, types.NODE_STATUS_ACTIVE
	l.nodes[at] = node
	if !joins {
		return
	}
	parent := l.nodes[place{e.JobId, e.Parent}]
	parent.Children++
	parent.HasApproved = true
	l.nodes[place{e.JobId, e.Parent}] = parent
	l.both(e.JobId, e.Parent, func(s *types.Score) { s.ChildrenApproved++ })
}

func (l *Ledger) ended(job uint64, owner string, status types.NodeStatus) {
	node := l.nodes[place{job, owner}]
	node.Status = status
	l.nodes[place{job, owner}] = node
	parent := l.nodes[place{job, node.Parent}]
	parent.Children--
	l.nodes[place{job, node.Parent}] = parent
}

// both changes an account's score in a job and in all.
func (l *Ledger) both(job uint64, owner string, change func(*types.Score)) {
	for _, job := range []uint64{job, types.TotalJobID} {
		l.change(job, owner, change)
	}
}

func (l *Ledger) change(job uint64, owner string, change func(*types.Score)) {
	score, ok := l.scores[place{job, owner}]
	if !ok {
		score = types.Score{JobId: job, Owner: owner, Earned: math.ZeroInt()}
	}
	change(&score)
	l.scores[place{job, owner}] = score
}

// counts is what each outcome adds to, beside what was earned. The README's "How outcomes are counted" says the same.
var counts = map[program.Outcome]func(s *types.Score){
	program.OutcomeValid:           func(s *types.Score) { s.Accepted++; s.Completed++; s.Valid++; s.Streak++ },
	program.OutcomeInvalid:         func(s *types.Score) { s.Accepted++; s.Completed++; s.Invalid++; s.Streak = 0 },
	program.OutcomeCompleted:       func(s *types.Score) { s.Accepted++; s.Completed++ },
	program.OutcomeOverturned:      func(s *types.Score) { s.Accepted++; s.Completed++; s.Overturned++ },
	program.OutcomeTimedOut:        func(s *types.Score) { s.Accepted++; s.TimedOut++; s.Streak = 0 },
	program.OutcomeResigned:        func(s *types.Score) { s.Accepted++; s.Resigned++ },
	program.OutcomeSilent:          func(s *types.Score) { s.Accepted++; s.Silent++ },
	program.OutcomeReleased:        func(s *types.Score) { s.Accepted++ },
	program.OutcomeChallengeRight:  func(s *types.Score) { s.ChallengesRight++ },
	program.OutcomeChallengeWrong:  func(s *types.Score) { s.ChallengesWrong++ },
	program.OutcomeVerdictRight:    func(s *types.Score) { s.VerdictsRight++ },
	program.OutcomeVerdictWrong:    func(s *types.Score) { s.VerdictsWrong++ },
	program.OutcomeVerdictSilent:   func(s *types.Score) { s.VerdictsSilent++ },
	program.OutcomeChildOverturned: func(s *types.Score) { s.ChildrenOverturned++ },
	program.OutcomeForged:          func(s *types.Score) { s.Forged++; s.Streak = 0 },
}

func (l *Ledger) scored(e *types.EventScored) error {
	outcome := program.Outcome(e.Outcome)
	count, known := counts[outcome]
	earned, ok := math.NewIntFromString(e.Earned)
	if !known || !ok {
		return fmt.Errorf("outcome %q, earned %q: not understood", e.Outcome, e.Earned)
	}
	l.both(e.JobId, e.Owner, func(s *types.Score) {
		answered := s.Completed
		count(s)
		if s.Completed > answered && e.ResponseMs > 0 {
			s.ResponseMs += e.ResponseMs
			s.ResponseCount++
		}
		s.Earned = s.Earned.Add(earned)
	})
	switch cost := int64(l.params.OverturnedPoints) * 1000; outcome {
	case program.OutcomeOverturned:
		l.rate(e.JobId, e.Owner, -cost)
	case program.OutcomeChildOverturned:
		l.rate(e.JobId, e.Owner, -(cost * int64(l.params.ParentShareBps) / 10_000))
	case program.OutcomeForged:
		node := l.nodes[place{e.JobId, e.Owner}]
		node.Forged = true
		l.nodes[place{e.JobId, e.Owner}] = node
	}
	return nil
}

func (l *Ledger) rate(job uint64, owner string, change int64) {
	l.both(job, owner, func(s *types.Score) { s.RatingChange += change })
}

// played has the workers of one request play each other, on the ratings that they had before any of the games.
func (l *Ledger) played(e *types.EventPlayed) {
	standings := make([]types.Standing, len(e.Players))
	for i, p := range e.Players {
		standings[i] = types.Standing{Rating: l.scores[place{e.JobId, p.Owner}].RatingChange, Place: int(p.Place)}
	}
	for i, change := range types.Elo(l.params.EloK, standings) {
		if change != 0 {
			l.rate(e.JobId, e.Players[i].Owner, change)
		}
	}
}

// measured folds a value, and holds what comes of it against what the event says is kept.
func (l *Ledger) measured(e *types.EventMeasured) error {
	var kept int64
	l.change(e.JobId, e.Owner, func(s *types.Score) {
		s.Metrics = slices.Clone(s.Metrics)
		i := slices.IndexFunc(s.Metrics, func(m types.MetricValue) bool { return m.Field == e.Field && m.Fold == e.Fold })
		if i < 0 {
			s.Metrics = append(s.Metrics, types.MetricValue{Field: e.Field, Fold: e.Fold, Value: e.Value})
			i = len(s.Metrics) - 1
		} else {
			s.Metrics[i].Value = folded(e.Fold, s.Metrics[i].Value, e.Value)
		}
		s.Metrics[i].Count++
		kept = s.Metrics[i].Value
	})
	if kept != e.Kept {
		return fmt.Errorf("metric %s of %s in job %#x: the event says %d is kept, what came makes %d", e.Field, e.Owner, e.JobId, e.Kept, kept)
	}
	return nil
}

// folded is a metric's value after one more. A sum stops at the ends of 64 bits.
func folded(fold program.MetricFold, kept, value int64) int64 {
	switch fold {
	case program.METRIC_FOLD_MIN:
		return min(kept, value)
	case program.METRIC_FOLD_MAX:
		return max(kept, value)
	case program.METRIC_FOLD_SUM:
		sum := new(big.Int).Add(big.NewInt(kept), big.NewInt(value))
		switch {
		case sum.IsInt64():
			return sum.Int64()
		case sum.Sign() > 0:
			return 1<<63 - 1
		}
		return -1 << 63
	}
	return value
}

// Compare returns an error for the first score or node of a state that is not what the events make it, or that is
// missing on either side.
func (l *Ledger) Compare(state types.GenesisState) error {
	if state.Params != l.params {
		return fmt.Errorf("params: %v in the state, %v by the events", state.Params, l.params)
	}
	scores, nodes := map[place]types.Score{}, map[place]types.Node{}
	for _, s := range state.Scores {
		scores[place{s.JobId, s.Owner}] = s
		if claimed := l.claimed[place{s.JobId, s.Owner}]; claimed != s.RatingChange {
			return fmt.Errorf("rating of %s in job %#x: %d in the state, %d by the sum of its changes", s.Owner, s.JobId, s.RatingChange, claimed)
		}
	}
	for _, n := range state.Nodes {
		nodes[place{n.JobId, n.Owner}] = stripped(n)
	}
	if err := same("score", scores, l.scores); err != nil {
		return err
	}
	return same("node", nodes, l.nodes)
}

// Size is how many scores and nodes the ledger knows.
func (l *Ledger) Size() (scores, nodes int) { return len(l.scores), len(l.nodes) }

// same compares by what is printed, which for messages is every field.
func same[E any, P interface {
	*E
	fmt.Stringer
}](what string, state, events map[place]E,
) error {
	all := maps.Clone(state)
	maps.Copy(all, events)
	order := func(a, b place) int { return cmp.Or(cmp.Compare(a.job, b.job), cmp.Compare(a.owner, b.owner)) }
	for _, at := range slices.SortedFunc(maps.Keys(all), order) {
		kept, inState := state[at]
		found, inEvents := events[at]
		if !inState || !inEvents || P(&kept).String() != P(&found).String() {
			return fmt.Errorf("%s of %s in job %#x:\n  in the state:  %v (%t)\n  by the events: %v (%t)",
				what, at.owner, at.job, P(&kept), inState, P(&found), inEvents)
		}
	}
	return nil
}
