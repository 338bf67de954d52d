package harness

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Request is what the chain says of a request, as far as tests look at it.
type Request struct {
	ID        string `json:"id"`
	Client    string
	State     string
	Outcome   string
	Evaluator string
	Workers   int
	Committed int
	Revealed  int
	// AwaitingKeys: its client owes somebody a key.
	AwaitingKeys bool   `json:"awaiting_keys"`
	ChainShare   string `json:"chain_share"`
	HoldID       string `json:"hold_id"`
	Ranking      []struct{ Node, Score string }
	Payouts      []struct{ Account, Amount, Reason string }

	Assignments []Assignment `json:"-"`
}

// Assignment is a worker's part in a request.
type Assignment struct {
	Worker     string
	Commitment string
	Resigned   bool
	Result     *struct {
		Inline    string
		Reference *struct{ Digest string }
	}
}

// IsFinished says that nothing more happens to the request.
func (r Request) IsFinished() bool {
	return r.State == "REQUEST_STATE_SETTLED" || r.State == "REQUEST_STATE_CANCELLED"
}

// Paid is the sum of what an account got for a reason; the chain's share has no account.
func (r Request) Paid(account, reason string) int64 {
	sum := int64(0)
	for _, payout := range r.Payouts {
		if payout.Account == account && payout.Reason == reason {
			amount, err := number(payout.Amount)
			if err != nil {
				panic(fmt.Sprintf("the chain paid %s", err))
			}
			sum += amount
		}
	}
	return sum
}

// Request asks the chain for a request.
func (n *Network) Request(id uint64) (Request, error) {
	var answer struct {
		Request     Request
		Assignments []Assignment
	}
	err := n.Get("/ain/jobs/v1/requests/"+strconv.FormatUint(id, 10), &answer)
	answer.Request.Assignments = answer.Assignments
	return answer.Request, err
}

// AwaitRequest waits until a request is as it should be.
func (n *Network) AwaitRequest(t testing.TB, id uint64, what string, patience time.Duration, holds func(Request) bool) Request {
	t.Helper()
	var r Request
	Eventually(t, fmt.Sprintf("request %d %s", id, what), patience, func() (err error) {
		if r, err = n.Request(id); err == nil && !holds(r) {
			err = fmt.Errorf("it is %+v", r)
		}
		return err
	})
	return r
}

// AwaitFinished waits until a request has ended.
func (n *Network) AwaitFinished(t testing.TB, id uint64) Request {
	t.Helper()
	return n.AwaitRequest(t, id, "ends", Patience, Request.IsFinished)
}

// Order asks for work as the network's client and does not wait for it. More are further keys of the order, as in
// "time_limit: 5000"; without "reward: [1, 2]" it is [10, 10].
func (n *Network) Order(t testing.TB, job, input string, more ...string) uint64 {
	t.Helper()
	if !slices.ContainsFunc(more, func(key string) bool { return strings.HasPrefix(key, "reward:") }) {
		more = append(more, "reward: [10, 10]")
	}
	order := fmt.Sprintf("{job_id: %s, job_input: %s, %s", job, input, strings.Join(more, ", "))
	var answer struct {
		Request uint64 `json:"request,string"`
	}
	n.ClientJSON(t, &answer, "requestJob", order+"}", "--detach")
	if answer.Request == 0 {
		t.Fatal(errors.New("requestJob printed no request"))
	}
	return answer.Request
}

// Stats count the nodes of a job.
type Stats struct {
	Evaluators, Workers               int
	RunningEvaluators, RunningWorkers int
}

// Stats asks the chain for the nodes of a job.
func (n *Network) Stats(job uint64) (Stats, error) {
	var answer struct {
		Evaluators        int `json:"evaluators,string"`
		Workers           int `json:"workers,string"`
		RunningEvaluators int `json:"running_evaluators,string"`
		RunningWorkers    int `json:"running_workers,string"`
	}
	err := n.Get("/ain/reputation/v1/trees/"+strconv.FormatUint(job, 10)+"/stats", &answer)
	return Stats(answer), err
}
