package console

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/types/query"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

func newApproveNode(s *Session) *cobra.Command {
	var reject string
	cmd := &cobra.Command{
		Use:   "approveNode [APPLICATION...]",
		Short: "Approve or reject applications to your jobs, or list them",
		Long: `Approve applications that are addressed to you: the applicants become your children in
the tree of the job. With --reject they are refused, with the reason given. Without a
number, undecided applications are listed. ` + "`aind admin`" + ` tests applicants and decides by itself.`,
		Example: "  aind approveNode\n  aind approveNode 7 8\n  aind approveNode 9 --reject 'wrong digest'",
		RunE:    runs(func(ctx context.Context, args []string) error { return s.approveNode(ctx, args, reject) }),
	}
	cmd.Flags().StringVar(&reject, "reject", "", "refuse, with this reason")
	return cmd
}

type applicationOutput struct {
	Application uint64   `json:"application,string"`
	Job         string   `json:"job"`
	Applicant   string   `json:"applicant"`
	Roles       []string `json:"roles"`
	ExpiresMs   int64    `json:"expires_ms,string"`
}

type decisionOutput struct {
	Applications []string `json:"applications"`
	Approved     bool     `json:"approved"`
	Hash         string   `json:"hash"`
}

func (s *Session) approveNode(ctx context.Context, args []string, reject string) error {
	if len(args) == 0 {
		return s.applications(ctx)
	}
	ids := make([]uint64, len(args))
	for i, text := range args {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil || id == 0 {
			return badInputf("application: %q is no application's number (as in `aind approveNode`)", text)
		}
		ids[i] = id
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	signer := key.Address().String()
	msgs := make([]sdk.Msg, len(ids))
	for i, id := range ids {
		if reject != "" {
			msgs[i] = &reputationtypes.MsgRejectApplication{Signer: signer, ApplicationId: id, Reason: reject}
		} else {
			msgs[i] = &reputationtypes.MsgApproveNode{Signer: signer, ApplicationId: id}
		}
	}
	receipt, err := connected.Do(ctx, key, msgs...)
	if err != nil {
		return err
	}
	done := "Approved"
	if reject != "" {
		done = "Rejected"
	}
	return s.print(decisionOutput{Applications: args, Approved: reject == "", Hash: receipt.Hash},
		fmt.Sprintf("%s %s.", done, strings.Join(args, ", ")))
}

// applications lists what is addressed to the signer's owner.
func (s *Session) applications(ctx context.Context) error {
	admin, err := s.owner(ctx)
	if err != nil {
		return err
	}
	res, err := s.chain.Reputation().Applications(ctx, &reputationtypes.QueryApplicationsRequest{Admin: admin, Pagination: &query.PageRequest{Limit: 100}})
	if err != nil {
		return fmt.Errorf("ask for applications: %w", err)
	}
	out := []applicationOutput{}
	rows := [][]string{{"APPLICATION", "JOB", "ROLES", "EXPIRES", "APPLICANT"}}
	for _, application := range res.Applications {
		a := applicationOutput{
			Application: application.Id, Job: chain.FormatJobID(application.JobId), Applicant: application.Applicant,
			ExpiresMs: application.ExpiresMs, Roles: []string{},
		}
		for _, role := range application.Roles {
			a.Roles = append(a.Roles, roleName(role))
		}
		out = append(out, a)
		rows = append(rows, []string{fmt.Sprint(a.Application), a.Job, strings.Join(a.Roles, ","), showTime(a.ExpiresMs), a.Applicant})
	}
	return s.print(out, table(rows...)...)
}
