package console

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func newRequests(s *Session) *cobra.Command {
	var filter requestFilter
	cmd := &cobra.Command{
		Use:   "requests [REQUEST]",
		Short: "List requests, or show one",
		Example: `  aind requests --job 0x1 --state running
  aind requests 42`,
		Args: cobra.MaximumNArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			if len(args) == 1 {
				return s.showRequest(ctx, args[0])
			}
			return s.requests(ctx, filter)
		}),
	}
	cmd.Flags().StringVar(&filter.job, "job", "", "only those of this job")
	cmd.Flags().StringVar(&filter.state, "state", "", "only those in this state: open, running, revealing, evaluating, ranked, settled, cancelled, …")
	cmd.Flags().StringVar(&filter.client, "client", "", "only those of this client")
	cmd.Flags().StringVar(&filter.node, "node-address", "", "only those in which this address is evaluator or worker")
	cmd.Flags().Uint64Var(&filter.limit, "limit", 100, "how many at most")
	return cmd
}

type requestFilter struct {
	job, state, client, node string
	limit                    uint64
}

// requestOutput is a request as JSON. Amounts are uain.
type requestOutput struct {
	Request         uint64             `json:"request,string"`
	Job             string             `json:"job"`
	Client          string             `json:"client"`
	State           string             `json:"state"`
	Outcome         string             `json:"outcome,omitempty"`
	EvaluatorReward string             `json:"evaluator_reward_uain"`
	WorkerReward    string             `json:"worker_reward_uain"`
	Evaluator       string             `json:"evaluator,omitempty"`
	Workers         []assignmentOutput `json:"workers"`
	Ranking         []rankOutput       `json:"ranking"`
	Result          json.RawMessage    `json:"result,omitempty"`
	Payouts         []payoutOutput     `json:"payouts"`
}

type assignmentOutput struct {
	Worker    string          `json:"worker"`
	Committed bool            `json:"committed"`
	Revealed  bool            `json:"revealed"`
	Result    json.RawMessage `json:"result,omitempty"`
}

type rankOutput struct {
	Node  string `json:"node"`
	Score uint64 `json:"score,string"`
}

type payoutOutput struct {
	Account string `json:"account,omitempty"`
	Amount  string `json:"amount_uain"`
	Reason  string `json:"reason"`
}

func newRequestOutput(request jobstypes.Request, assignments []jobstypes.Assignment) requestOutput {
	out := requestOutput{
		Request: request.Id, Job: chain.FormatJobID(request.Spec.JobId), Client: request.Client,
		State: stateName(request.State), Evaluator: request.Evaluator,
		EvaluatorReward: request.Spec.EvaluatorReward.String(), WorkerReward: request.Spec.WorkerReward.String(),
		Workers: []assignmentOutput{}, Ranking: []rankOutput{}, Payouts: []payoutOutput{},
	}
	if request.Outcome != 0 {
		out.Outcome = enumName(request.Outcome.String(), "OUTCOME_")
	}
	for _, a := range assignments {
		out.Workers = append(out.Workers, assignmentOutput{Worker: a.Worker, Committed: a.HasCommitted(), Revealed: a.HasRevealed()})
	}
	for _, entry := range request.Ranking {
		out.Ranking = append(out.Ranking, rankOutput{Node: entry.Node, Score: entry.Score})
	}
	for _, payout := range request.Payouts {
		out.Payouts = append(out.Payouts, payoutOutput{Account: payout.Account, Amount: payout.Amount.String(), Reason: payout.Reason})
	}
	return out
}

func stateName(state jobstypes.RequestState) string {
	return enumName(state.String(), "REQUEST_STATE_")
}

func (s *Session) requests(ctx context.Context, f requestFilter) error {
	ask := &jobstypes.QueryRequestsRequest{Pagination: &query.PageRequest{Limit: f.limit}}
	if f.job != "" {
		id, err := chain.ParseJobID(f.job)
		if err != nil {
			return badInputf("job: %w", err)
		}
		ask.JobId = id
	}
	if f.state != "" {
		state, ok := jobstypes.RequestState_value["REQUEST_STATE_"+strings.ToUpper(f.state)]
		if !ok {
			return badInputf("state: %q is unknown (choose open, running, revealing, evaluating, ranked, challenged, reopened, settled or cancelled)", f.state)
		}
		ask.State = jobstypes.RequestState(state)
	}
	for _, who := range []struct {
		flag, text string
		into       *string
	}{{"client", f.client, &ask.Client}, {"node-address", f.node, &ask.Node}} {
		if who.text == "" {
			continue
		}
		address, err := s.address(who.flag, who.text)
		if err != nil {
			return err
		}
		*who.into = address.String()
	}
	connected, err := s.connected(ctx)
	if err != nil {
		return err
	}
	res, err := connected.Jobs().Requests(ctx, ask)
	if err != nil {
		return fmt.Errorf("ask for requests: %w", err)
	}
	requests := []requestOutput{}
	rows := [][]string{{"REQUEST", "JOB", "STATE", "WORKERS", "REWARDS", "CLIENT"}}
	for _, request := range res.Requests {
		out := newRequestOutput(request, nil)
		requests = append(requests, out)
		rows = append(rows, []string{
			fmt.Sprint(out.Request), out.Job, out.State, fmt.Sprint(request.Workers),
			chain.FormatAmount(request.Spec.EvaluatorReward) + " + " + chain.FormatAmount(request.Spec.WorkerReward), out.Client,
		})
	}
	return s.print(requests, table(rows...)...)
}

// request asks for a request that the user named.
func (s *Session) request(ctx context.Context, id uint64) (*jobstypes.QueryRequestResponse, error) {
	connected, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	res, err := connected.Jobs().Request(ctx, &jobstypes.QueryRequestRequest{RequestId: id})
	if client.IsNotFound(err) {
		return nil, badInputf("request: there is no request %d on chain %s any more, or yet (`aind requests` lists them)", id, connected.ChainID())
	}
	if err != nil {
		return nil, fmt.Errorf("ask for request %d: %w", id, err)
	}
	return res, nil
}

func (s *Session) showRequest(ctx context.Context, text string) error {
	id, err := parseRequestID(text)
	if err != nil {
		return err
	}
	res, err := s.request(ctx, id)
	if err != nil {
		return err
	}
	schema, err := s.schemaOf(ctx, res.Request.Spec.JobId)
	if err != nil {
		return err
	}
	out := newRequestOutput(res.Request, res.Assignments)
	lines := []string{fmt.Sprintf("Request %d of job %s: %s", id, out.Job, out.State)}
	if out.Outcome != "" {
		lines[0] += ", " + out.Outcome
	}
	lines = append(lines,
		fmt.Sprintf("  client     %s, rewards %s + %s AIN", out.Client,
			chain.FormatAmount(res.Request.Spec.EvaluatorReward), chain.FormatAmount(res.Request.Spec.WorkerReward)))
	if out.Evaluator != "" {
		lines = append(lines, "  evaluator  "+out.Evaluator)
	}
	for i, a := range res.Assignments {
		line := "  worker     " + a.Worker
		if place := rankOf(res.Request, a.Worker); place > 0 {
			line += fmt.Sprintf(", place %d", place)
		}
		if a.Result != nil {
			decoded, err := s.showAssignment(ctx, schema, res.Request.Spec, *a.Result)
			if err != nil {
				line += ", result cannot be shown: " + err.Error()
			} else {
				out.Workers[i].Result = decoded.json
				line += ", " + strings.Join(decoded.lines, ", ")
			}
		}
		lines = append(lines, line)
	}
	for _, p := range payees(res.Request) {
		lines = append(lines, fmt.Sprintf("  paid       %s AIN to %s, %s", chain.FormatAmount(p.amount), receiver(p.account, p.reason), enumName(p.reason, "")))
	}
	return s.print(out, lines...)
}

func (s *Session) showAssignment(ctx context.Context, schema *jobstypes.Schema, spec jobstypes.RequestSpec, result jobstypes.Result) (reply, error) {
	content, err := s.openResult(ctx, spec, result)
	if err != nil {
		return reply{}, err
	}
	return decodeReply(schema.WorkerOutput(), content)
}

// rankOf is a worker's place in the ranking, from 1; 0: none.
func rankOf(request jobstypes.Request, worker string) int {
	for i, entry := range request.Ranking {
		if entry.Node == worker {
			return i + 1
		}
	}
	return 0
}
