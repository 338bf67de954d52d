package console

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

func newStats(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "stats JOB",
		Short: "Count the nodes of a job that are running",
		Long: `Count the evaluators and workers of a job that showed a sign of life lately. Where a daemon with
the same --home is pulling an image from its registry, it says how far that is.`,
		Example: "  aind stats 0x1",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(s.stats),
	}
}

type statsOutput struct {
	Job               string `json:"job"`
	Admins            uint64 `json:"admins"`
	Evaluators        uint64 `json:"evaluators"`
	Workers           uint64 `json:"workers"`
	RunningAdmins     uint64 `json:"running_admins"`
	RunningEvaluators uint64 `json:"running_evaluators"`
	RunningWorkers    uint64 `json:"running_workers"`
	// Pulls of the daemon with the same home.
	Pulls []pullOutput `json:"pulls,omitempty"`
	// Programs of the job on this machine, the newest release first.
	Programs []programOutput `json:"programs,omitempty"`
}

type programOutput struct {
	Release uint64 `json:"release,string"`
	Role    string `json:"role"`
	Version string `json:"version"`
	State   string `json:"state"`
	Why     string `json:"why,omitempty"`
}

func (p programOutput) line() string {
	line := fmt.Sprintf("On this machine %s %s, release %d, is %s", p.Role, plain(p.Version), p.Release, p.State)
	if p.Why != "" {
		line += ": " + plain(p.Why)
	}
	return line + "."
}

type pullOutput struct {
	Program string `json:"program"`
	From    string `json:"from"`
	Bytes   int64  `json:"bytes,string"`
	Total   int64  `json:"total,string"`
}

func (p pullOutput) line() string {
	of := ""
	if p.Total > 0 {
		of = fmt.Sprintf(" of %d, %d%%", p.Total, min(100, p.Bytes*100/p.Total))
	}
	return fmt.Sprintf("This machine is pulling %s: %d bytes%s.", p.From, p.Bytes, of)
}

func (s *Session) stats(ctx context.Context, args []string) error {
	job, err := s.job(ctx, "job", args[0])
	if err != nil {
		return err
	}
	count, err := s.running(ctx, job.Id)
	if err != nil {
		return err
	}
	pulls, err := daemon.ReadPulls(s.home)
	if err != nil {
		return err
	}
	output, lines := []pullOutput(nil), []string{runningLine(count)}
	for _, pull := range pulls {
		p := pullOutput{Program: pull.Program, From: pull.From, Bytes: pull.Bytes, Total: pull.Total}
		output, lines = append(output, p), append(lines, p.line())
	}
	known, err := daemon.ReadPrograms(s.home, job.Id)
	if err != nil {
		return err
	}
	var programs []programOutput
	for _, k := range known {
		p := programOutput{Release: k.ReleaseID, Role: roleName(k.Role), Version: k.Version, State: k.State, Why: k.Why}
		programs = append(programs, p)
		if !s.interactive || p.State != daemon.StateReady { // in the paper's session nobody asks for what is as it should be
			lines = append(lines, p.line())
		}
	}
	return s.print(statsOutput{
		Pulls: output, Programs: programs,
		Job: chain.FormatJobID(job.Id), Admins: count.Admins, Evaluators: count.Evaluators, Workers: count.Workers,
		RunningAdmins: count.RunningAdmins, RunningEvaluators: count.RunningEvaluators, RunningWorkers: count.RunningWorkers,
	}, lines...)
}

func runningLine(stats *reputationtypes.QueryStatsResponse) string {
	return fmt.Sprintf("%s, %s running.", count(stats.RunningEvaluators, "evaluator"), count(stats.RunningWorkers, "worker"))
}

func (s *Session) running(ctx context.Context, jobID uint64) (*reputationtypes.QueryStatsResponse, error) {
	res, err := s.chain.Reputation().Stats(ctx, &reputationtypes.QueryStatsRequest{JobId: jobID})
	if err != nil {
		return nil, fmt.Errorf("ask for the nodes of job %s: %w", chain.FormatJobID(jobID), err)
	}
	return res, nil
}

// job reads a job's id and asks for it; field names it in errors.
func (s *Session) job(ctx context.Context, field, text string) (jobstypes.Job, error) {
	id, err := chain.ParseJobID(text)
	if err != nil {
		return jobstypes.Job{}, badInputf("%s: %w", field, err)
	}
	connected, err := s.connected(ctx)
	if err != nil {
		return jobstypes.Job{}, err
	}
	res, err := connected.Jobs().Job(ctx, &jobstypes.QueryJobRequest{JobId: id})
	if client.IsNotFound(err) {
		return jobstypes.Job{}, badInputf("%s: there is no job %s on chain %s (`aind jobs` lists them)", field, chain.FormatJobID(id), connected.ChainID())
	}
	if err != nil {
		return jobstypes.Job{}, fmt.Errorf("ask for job %s: %w", chain.FormatJobID(id), err)
	}
	return res.Job, nil
}

func newNodes(s *Session) *cobra.Command {
	var role string
	var running bool
	var limit uint64
	cmd := &cobra.Command{
		Use:     "nodes JOB",
		Short:   "List the nodes of a job",
		Example: "  aind nodes 0x1\n  aind nodes 0x1 --role worker --running",
		Args:    cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error {
			return s.nodes(ctx, args[0], role, running, limit)
		}),
	}
	cmd.Flags().StringVar(&role, "role", "", "only those with this role: admin, evaluator or worker")
	cmd.Flags().BoolVar(&running, "running", false, "only those that are running")
	cmd.Flags().Uint64Var(&limit, "limit", 100, "how many at most")
	return cmd
}

type nodeOutput struct {
	Owner   string   `json:"owner"`
	Parent  string   `json:"parent,omitempty"`
	Roles   []string `json:"roles"`
	Status  string   `json:"status"`
	Running bool     `json:"running"`
	SeenMs  int64    `json:"seen_ms,string"`
}

func newNodeOutput(info reputationtypes.NodeInfo) nodeOutput {
	n := nodeOutput{
		Owner: info.Node.Owner, Parent: info.Node.Parent, Status: enumName(info.Node.Status.String(), "NODE_STATUS_"),
		Running: info.Running, SeenMs: info.SeenMs, Roles: []string{},
	}
	for _, role := range info.Node.Roles {
		n.Roles = append(n.Roles, roleName(role))
	}
	return n
}

func (s *Session) nodes(ctx context.Context, jobText, roleText string, running bool, limit uint64) error {
	var role program.Role
	if roleText != "" {
		var err error
		if role, err = parseRole("role", roleText); err != nil {
			return err
		}
	}
	job, err := s.job(ctx, "job", jobText)
	if err != nil {
		return err
	}
	res, err := s.chain.Reputation().Nodes(ctx, &reputationtypes.QueryNodesRequest{
		JobId: job.Id, Role: role, RunningOnly: running, Pagination: &query.PageRequest{Limit: limit},
	})
	if err != nil {
		return fmt.Errorf("ask for the nodes of job %s: %w", chain.FormatJobID(job.Id), err)
	}
	nodes := []nodeOutput{}
	rows := [][]string{{"OWNER", "ROLES", "STATUS", "RUNNING", "SEEN"}}
	for _, info := range res.Nodes {
		n := newNodeOutput(info)
		nodes = append(nodes, n)
		rows = append(rows, []string{n.Owner, strings.Join(n.Roles, ","), n.Status, yesNo(n.Running), showTime(n.SeenMs)})
	}
	return s.print(nodes, table(rows...)...)
}

// enumName is how people read a value of an enum: "NODE_STATUS_ACTIVE" is "active".
func enumName(name, prefix string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", " ")
}

func roleName(role program.Role) string { return enumName(role.String(), "ROLE_") }

func parseRole(field, text string) (program.Role, error) {
	role, ok := program.Role_value["ROLE_"+strings.ToUpper(text)]
	if !ok || role == 0 {
		return 0, badInputf("%s: %q is no role (choose admin, evaluator or worker)", field, text)
	}
	return program.Role(role), nil
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// showTime writes a time of the chain for people; 0 is never.
func showTime(ms int64) string {
	if ms == 0 {
		return "never"
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05")
}
