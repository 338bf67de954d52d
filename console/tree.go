package console

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// treePage is how many nodes are asked for at a time.
const treePage = 200

func newTree(s *Session) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "tree JOB",
		Short: "Draw the tree of a job's nodes",
		Long: `Draw a job's tree: the root, below it the nodes that it approved, and so on, each with its
roles, whether it is running, and what it did in the job.`,
		Example: "  aind tree 0x1",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(func(ctx context.Context, args []string) error { return s.tree(ctx, args[0], all) }),
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that were dropped or left")
	return cmd
}

// treeNode is a node of the tree as JSON.
type treeNode struct {
	nodeOutput
	Accepted  uint64      `json:"accepted,string"`
	Completed uint64      `json:"completed,string"`
	Valid     uint64      `json:"valid,string"`
	Earned    string      `json:"earned_uain"`
	Rating    int64       `json:"rating"`
	Children  []*treeNode `json:"children"`
}

func (s *Session) tree(ctx context.Context, jobText string, all bool) error {
	job, err := s.job(ctx, "job", jobText)
	if err != nil {
		return err
	}
	nodes, err := s.allNodes(ctx, job.Id)
	if err != nil {
		return err
	}
	byOwner := map[string]*treeNode{}
	var order []*treeNode
	for _, info := range nodes {
		n := &treeNode{nodeOutput: newNodeOutput(info), Earned: "0", Children: []*treeNode{}}
		score, err := s.chain.Reputation().Score(ctx, &reputationtypes.QueryScoreRequest{JobId: job.Id, Owner: n.Owner})
		if err != nil {
			return fmt.Errorf("ask for the score of %s: %w", n.Owner, err)
		}
		n.Accepted, n.Completed, n.Valid, n.Earned = score.Score.Accepted, score.Score.Completed, score.Score.Valid, score.Score.Earned.String()
		n.Rating = score.Rating
		byOwner[n.Owner] = n
		order = append(order, n)
	}
	var root *treeNode
	for _, n := range order {
		if n.Parent == "" {
			root = n
			continue
		}
		// Whoever approved it may be gone; what is drawn is who may drop it now.
		if n.Status != "active" && !all {
			continue
		}
		if above := activeAbove(byOwner, n, all); above != nil {
			above.Children = append(above.Children, n)
		}
	}
	if root == nil {
		return fmt.Errorf("job %s has no root", chain.FormatJobID(job.Id))
	}
	return s.print(root, append([]string{fmt.Sprintf("Job %s, %s", chain.FormatJobID(job.Id), plain(job.Name))}, drawTree(root, "", "")...)...)
}

// activeAbove is the nearest node above that is drawn.
func activeAbove(nodes map[string]*treeNode, n *treeNode, all bool) *treeNode {
	for range reputationtypes.MaxDepth {
		above := nodes[n.Parent]
		if above == nil || all || above.Status == "active" {
			return above
		}
		n = above
	}
	return nil
}

func (s *Session) allNodes(ctx context.Context, jobID uint64) (nodes []reputationtypes.NodeInfo, err error) {
	page := &query.PageRequest{Limit: treePage}
	for {
		res, err := s.chain.Reputation().Nodes(ctx, &reputationtypes.QueryNodesRequest{JobId: jobID, Pagination: page})
		if err != nil {
			return nil, fmt.Errorf("ask for the nodes of job %s: %w", chain.FormatJobID(jobID), err)
		}
		nodes = append(nodes, res.Nodes...)
		if res.Pagination == nil || len(res.Pagination.NextKey) == 0 {
			return nodes, nil
		}
		page = &query.PageRequest{Key: res.Pagination.NextKey, Limit: treePage}
	}
}

// drawTree draws a node after first, and what is below it after rest.
func drawTree(n *treeNode, first, rest string) []string {
	state := n.Status
	if n.Running {
		state = "running"
	}
	lines := []string{fmt.Sprintf("%s%s  %s, %s; %s, %d completed, %d valid, rating %d", first, n.Owner, strings.Join(n.Roles, "+"), state,
		count(n.Accepted, "request"), n.Completed, n.Valid, n.Rating)}
	slices.SortFunc(n.Children, func(a, b *treeNode) int { return strings.Compare(a.Owner, b.Owner) })
	for i, child := range n.Children {
		if i == len(n.Children)-1 {
			lines = append(lines, drawTree(child, rest+"└─ ", rest+"   ")...)
		} else {
			lines = append(lines, drawTree(child, rest+"├─ ", rest+"│  ")...)
		}
	}
	return lines
}

type endedOutput struct {
	Job  string `json:"job"`
	Node string `json:"node"`
	Hash string `json:"hash"`
}

func newDrop(s *Session) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "drop JOB NODE",
		Short: "End a node's work in a job, as an admin above it",
		Long: `Drop a node from a job's tree, as its parent or an admin above that. It accepts nothing
more, finishes what it has accepted, and may apply again after a cool-down.`,
		Example: "  aind drop 0x1 ain1zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3lk9k2h --reason 'too slow'",
		Args:    cobra.ExactArgs(2),
		RunE: runs(func(ctx context.Context, args []string) error {
			return s.endNode(ctx, args[0], args[1], reason)
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for everybody to read")
	return cmd
}

func newLeaveJob(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:     "leaveJob JOB",
		Short:   "End your own work in a job",
		Long:    "Leave a job's tree. You accept nothing more and finish what you have accepted; you may apply again.",
		Example: "  aind leaveJob 0x1",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(func(ctx context.Context, args []string) error { return s.endNode(ctx, args[0], "", "") }),
	}
}

// endNode drops a node, or, where none is named, leaves.
func (s *Session) endNode(ctx context.Context, jobText, node, reason string) error {
	job, err := s.job(ctx, "job", jobText)
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	signer := key.Address().String()
	if node == "" {
		receipt, err := connected.Do(ctx, key, &reputationtypes.MsgLeaveJob{Signer: signer, JobId: job.Id})
		if err != nil {
			return err
		}
		return s.print(endedOutput{Job: chain.FormatJobID(job.Id), Node: signer, Hash: receipt.Hash},
			fmt.Sprintf("Left job %s.", chain.FormatJobID(job.Id)))
	}
	msg := &reputationtypes.MsgDropNode{Signer: signer, JobId: job.Id, Node: node, Reason: reason}
	if err := msg.ValidateBasic(); err != nil {
		return badInput(err)
	}
	receipt, err := connected.Do(ctx, key, msg)
	if err != nil {
		return err
	}
	return s.print(endedOutput{Job: chain.FormatJobID(job.Id), Node: node, Hash: receipt.Hash},
		fmt.Sprintf("Dropped %s from job %s.", node, chain.FormatJobID(job.Id)))
}
