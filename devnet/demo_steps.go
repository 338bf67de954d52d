package devnet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"sync"

	sdkmath "cosmossdk.io/math"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

func (s *story) showJob(ctx context.Context) error {
	id, err := chain.ParseJobID(s.network.Job())
	if err != nil {
		return err
	}
	stats, err := s.network.chain.Reputation().Stats(ctx, &reputationtypes.QueryStatsRequest{JobId: id})
	if err != nil {
		return err
	}
	s.say("   job %s, %s", s.network.Job(), jobName)
	s.say("   %s and %s running", count(stats.RunningEvaluators, "evaluator"), count(stats.RunningWorkers, "worker"))
	s.before, err = s.network.ledger(ctx)
	return err
}

// request orders the work as a person would, and shows what the command says.
func (s *story) request(ctx context.Context) error {
	order := fmt.Sprintf("{job_id: %s, job_input: {y: %g}, reward: [%d, %d], time_limit: %d, max_workers: %d}",
		s.network.Job(), demoY, demoReward, demoReward, demoTimeLimit, s.network.config.Workers)
	shown := &indented{out: s.out}
	return s.network.supervisor.do(ctx, "request-job", shown, shown,
		"requestJob", order, "--home", s.network.config.Client(), "--accept", "auto")
}

// finished is the request that was just ordered.
func (s *story) finished(ctx context.Context) (*jobstypes.QueryRequestResponse, error) {
	jobs := s.network.chain.Jobs()
	requests, err := jobs.Requests(ctx, &jobstypes.QueryRequestsRequest{
		Client:     s.network.state.Accounts[accountClient],
		Pagination: &query.PageRequest{Limit: 1, Reverse: true},
	})
	if err != nil {
		return nil, err
	}
	if len(requests.Requests) == 0 {
		return nil, fmt.Errorf("the chain knows no request of the client")
	}
	found, err := jobs.Request(ctx, &jobstypes.QueryRequestRequest{RequestId: requests.Requests[0].Id})
	if err != nil {
		return nil, err
	}
	if found.Request.State != jobstypes.REQUEST_STATE_SETTLED || len(found.Request.Ranking) == 0 {
		return nil, fmt.Errorf("request %d is %s with outcome %s, want a settled one with a ranking", found.Request.Id, found.Request.State, found.Request.Outcome)
	}
	return found, nil
}

// showResults shows each worker's x, and checks that the winner's is close to the root and the best of those revealed.
func (s *story) showResults(ctx context.Context) error {
	found, err := s.finished(ctx)
	if err != nil {
		return err
	}
	roots, err := s.roots(ctx, found)
	if err != nil {
		return err
	}
	winner := found.Request.Ranking[0].Node
	loss := func(x float64) float64 { return math.Abs(demoY - x*x) }
	for _, assignment := range found.Assignments {
		x, revealed := roots[assignment.Worker]
		if !revealed {
			s.say("   %-10s revealed nothing", s.name(assignment.Worker))
			continue
		}
		mark := ""
		if assignment.Worker == winner {
			mark = "   <- wins"
		}
		s.say("   %-10s x = %-10s  off by %.6f%s", s.name(assignment.Worker), strconv.FormatFloat(x, 'g', -1, 32), loss(x), mark)
	}
	best, ok := roots[winner]
	if !ok {
		return fmt.Errorf("the winner %s revealed no result", winner)
	}
	for worker, x := range roots {
		if loss(x) < loss(best) {
			return fmt.Errorf("%s wins with x = %g, but %s is closer with x = %g", s.name(winner), best, s.name(worker), x)
		}
	}
	if math.Abs(best-demoRoot) > demoTolerance {
		return fmt.Errorf("the winning x = %g is further than %g from %g", best, demoTolerance, demoRoot)
	}
	s.say("   X: %s", strconv.FormatFloat(best, 'g', -1, 32))
	return nil
}

// roots decodes what the workers revealed, by worker.
func (s *story) roots(ctx context.Context, found *jobstypes.QueryRequestResponse) (map[string]float64, error) {
	stored, err := s.network.chain.Jobs().Schema(ctx, &jobstypes.QuerySchemaRequest{JobId: found.Request.Spec.JobId})
	if err != nil {
		return nil, err
	}
	params, err := s.network.chain.Jobs().Params(ctx, &jobstypes.QueryParamsRequest{})
	if err != nil {
		return nil, err
	}
	schema, err := jobstypes.ParseSchema(stored.Schema.DescriptorSet, params.Params.Params.SchemaLimits())
	if err != nil {
		return nil, err
	}
	field := schema.WorkerOutput().Fields().ByName("x")
	roots := map[string]float64{}
	for _, assignment := range found.Assignments {
		if assignment.Result == nil {
			continue
		}
		reply := dynamicpb.NewMessage(schema.WorkerOutput())
		if err := proto.Unmarshal(assignment.Result.Inline, reply); err != nil {
			return nil, fmt.Errorf("result of %s: %w", assignment.Worker, err)
		}
		roots[assignment.Worker] = reply.Get(field).Float()
	}
	return roots, nil
}

func (s *story) showPayments(ctx context.Context) error {
	found, err := s.finished(ctx)
	if err != nil {
		return err
	}
	for _, payout := range found.Request.Payouts {
		to := s.name(payout.Account)
		if payout.Account == "" {
			to = lineKeepers
		}
		s.say("   %-16s %14s AIN  %s", to, decimals(payout.Amount), payout.Reason)
	}
	return nil
}

// showBooks shows everybody's coins before and after, and checks every change and every sum to the last uain.
func (s *story) showBooks(ctx context.Context) error {
	found, err := s.finished(ctx)
	if err != nil {
		return err
	}
	after, err := s.network.ledger(ctx)
	if err != nil {
		return err
	}
	if err := compare(s.out, s.before, after); err != nil {
		return err
	}
	request := found.Request
	expected := map[string]sdkmath.Int{}
	add := func(line string, amount sdkmath.Int) {
		if before, ok := expected[line]; ok {
			amount = before.Add(amount)
		}
		expected[line] = amount
	}
	add(accountClient, ain(2*demoReward).Add(request.ChainShare).Add(s.earned).Neg())
	add(accountStore, s.earned)
	add(s.name(request.Evaluator), ain(demoReward))
	add(s.name(request.Ranking[0].Node), ain(demoReward))
	add(lineKeepers, request.ChainShare)
	for _, line := range after.lines {
		want, ok := expected[line]
		if !ok {
			want = sdkmath.ZeroInt()
		}
		if got := after.change(s.before, line); !got.Equal(want) {
			return fmt.Errorf("%s has %s uain more than before, want %s", line, got, want)
		}
	}
	if !after.sum().Equal(after.supply) || !after.sum().Equal(s.before.sum()) {
		return fmt.Errorf("all coins add up to %s uain before and %s after, the supply is %s", s.before.sum(), after.sum(), after.supply)
	}
	s.say("   Every uain is accounted for.")
	return nil
}

// name of an account, or its address where it is no member.
func (s *story) name(address string) string {
	for name, known := range s.network.state.Accounts {
		if known == address {
			return name
		}
	}
	return address
}

func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// indented shows what a command prints as part of a step. It takes writes from several goroutines.
type indented struct {
	out io.Writer

	mu  sync.Mutex
	mid bool // the last write ended in the middle of a line
}

func (i *indented) Write(text []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var shown bytes.Buffer
	for line := range bytes.Lines(text) {
		if !i.mid {
			shown.WriteString("   ")
		}
		shown.Write(line)
		i.mid = line[len(line)-1] != '\n'
	}
	if _, err := i.out.Write(shown.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}
