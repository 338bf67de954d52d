package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Examiner answers the exam of an application, by running the job's programs on this machine.
type Examiner func(ctx context.Context, q Question) (Answer, error)

// Question is what an applicant is asked.
type Question struct {
	JobID uint64
	Roles []program.Role
	Nonce []byte
}

// Answer is what the applicant has to say to it, and what this machine offers.
type Answer struct {
	Capability     program.Capability
	Qualifications []reputationtypes.Qualification
}

func newApplyJob(s *Session) *cobra.Command {
	var roles []string
	var admin string
	cmd := &cobra.Command{
		Use:   "applyJob JOB",
		Short: "Ask for a place in a job's tree",
		Long: `Ask an admin for the role of a worker or evaluator in a job. The job's programs are run on
this machine, on a question of your own, to show that they do. The admin decides;
` + "`aind worker --apply` and `aind evaluator --apply`" + ` apply by themselves. Where the job's
tree may have admins below its root, you can ask to be one: that is decided by a person.`,
		Example: `  aind applyJob 0x1 --role worker
  aind applyJob 0x1 --role admin --admin ain1zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3lk9k2h`,
		Args: cobra.ExactArgs(1),
		RunE: runs(func(ctx context.Context, args []string) error { return s.applyJob(ctx, args[0], roles, admin) }),
	}
	cmd.Flags().StringSliceVar(&roles, "role", []string{"worker"}, "role to ask for: worker, evaluator, admin, or several")
	cmd.Flags().StringVar(&admin, "admin", "", "admin to ask; empty: the root of the job")
	return cmd
}

type applyOutput struct {
	Application uint64   `json:"application,string"`
	Job         string   `json:"job"`
	Roles       []string `json:"roles"`
	Admin       string   `json:"admin"`
	Hash        string   `json:"hash"`
}

func (s *Session) applyJob(ctx context.Context, jobText string, roleTexts []string, admin string) error {
	roles, err := parseRoles(roleTexts)
	if err != nil {
		return err
	}
	if admin != "" {
		address, err := s.address("admin", admin)
		if err != nil {
			return err
		}
		admin = address.String()
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	job, err := s.job(ctx, "job", jobText)
	if err != nil {
		return err
	}
	var nonce []byte
	var answer Answer
	if tested := slices.DeleteFunc(slices.Clone(roles), isAdminRole); len(tested) > 0 {
		s.progress("running the programs of job %s on this machine", chain.FormatJobID(job.Id))
		nonce = make([]byte, 32)
		rand.Read(nonce) // never fails
		if answer, err = s.qualify(ctx, Question{JobID: job.Id, Roles: tested, Nonce: nonce}); err != nil {
			return err
		}
		if err := s.covers(ctx, job.Id, answer.Capability); err != nil {
			return err
		}
	}
	receipt, err := connected.Do(ctx, key, &reputationtypes.MsgApplyJob{
		Signer: key.Address().String(), JobId: job.Id, Roles: roles, Admin: admin,
		Capability: answer.Capability, Nonce: nonce, Qualifications: answer.Qualifications,
	})
	if err != nil {
		return err
	}
	var response reputationtypes.MsgApplyJobResponse
	if err := receipt.Response(0, &response); err != nil {
		return err
	}
	if admin == "" {
		admin = job.Root
	}
	out := applyOutput{Application: response.ApplicationId, Job: chain.FormatJobID(job.Id), Admin: admin, Hash: receipt.Hash}
	for _, role := range roles {
		out.Roles = append(out.Roles, roleName(role))
	}
	return s.print(out, fmt.Sprintf("Applied to job %s as %s: application %d, to be decided by %s.",
		out.Job, strings.Join(out.Roles, " and "), out.Application, admin))
}

func isAdminRole(role program.Role) bool { return role == program.ROLE_ADMIN }

func parseRoles(texts []string) ([]program.Role, error) {
	var roles []program.Role
	for _, text := range texts {
		role, err := parseRole("role", text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	if len(roles) == 0 {
		return nil, badInputf("role: none given (choose evaluator, worker, admin or several)")
	}
	slices.Sort(roles)
	return roles, nil
}

func (s *Session) qualify(ctx context.Context, q Question) (Answer, error) {
	if s.env.Qualify != nil {
		return s.env.Qualify(ctx, q)
	}
	return s.runExam(ctx, q)
}

// covers refuses what no admin would approve: a machine that does not meet the job's requirement.
func (s *Session) covers(ctx context.Context, jobID uint64, offered program.Capability) error {
	terms, err := s.terms(ctx, jobID)
	if err != nil {
		return err
	}
	if lacks := offered.Lacks(terms.Spec.Requirement); lacks != "" {
		return badInputf("capability: this machine does not meet the requirement of job %s, %s (apply from one that does)", chain.FormatJobID(jobID), lacks)
	}
	return nil
}
