package admin

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

const recordPrefix = "application/"

// record is what the journal keeps about one application until it is decided.
type record struct {
	daemon.Progress
	Tested bool `json:"tested,omitempty"`
	// Reason to reject; empty: it passed.
	Reason string `json:"reason,omitempty"`
	// Untested: there is no program to test a role with.
	Untested bool `json:"untested,omitempty"`
	// Sent: the decision is on the chain.
	Sent bool `json:"sent,omitempty"`
}

// examined is one application on its way.
type examined struct {
	*Admin
	application reputationtypes.Application
	rec         record
	log         *slog.Logger
}

func recordKey(id uint64) string { return recordPrefix + strconv.FormatUint(id, 10) }

func messageKey(id uint64, step daemon.Step) string {
	return "application/" + strconv.FormatUint(id, 10) + "/" + step.Name
}

func (a *Admin) newCase(application reputationtypes.Application) (*examined, error) {
	c := &examined{Admin: a, application: application, log: a.logOf(application)}
	_, err := a.Journal.Get(recordKey(application.Id), &c.rec)
	return c, err
}

func (c *examined) isDue() bool {
	return !c.rec.Tested || !c.asks() && !c.rec.Sent
}

// asks tells that a person decides. Who would be an admin is always such a case: what it has to be good at, no program
// can test. Neither can it where the job has none for the role.
func (c *examined) asks() bool {
	return c.cfg.Approve == ApproveAsk || c.rec.Reason == "" && (c.rec.Untested || slices.Contains(c.application.Roles, program.ROLE_ADMIN))
}

// advance tests an application and sends the decision, as far as that was not done before.
func (c *examined) advance(ctx context.Context) error {
	key := recordKey(c.application.Id)
	if !c.rec.Tested {
		if err := c.Journal.Do(daemon.AdminTest, key, &c.rec, func() error { return c.test(ctx) }); err != nil {
			return err
		}
		c.tell()
	}
	if c.asks() || c.rec.Sent {
		return nil
	}
	step := daemon.AdminApprove
	var msg sdk.Msg = &reputationtypes.MsgApproveNode{Signer: c.Signer, ApplicationId: c.application.Id}
	if c.rec.Reason != "" {
		step = daemon.AdminReject
		msg = &reputationtypes.MsgRejectApplication{Signer: c.Signer, ApplicationId: c.application.Id, Reason: c.rec.Reason}
	}
	return c.Journal.Do(step, key, &c.rec, func() error {
		if err := c.Outbox.Do(ctx, step, messageKey(c.application.Id, step), msg); err != nil {
			return err
		}
		c.rec.Sent = true
		return nil
	})
}

func (c *examined) tell() {
	switch {
	case c.rec.Reason != "":
		c.log.Info("application fails", "reason", c.rec.Reason)
	case c.asks():
		c.log.Info("application passes, approve it with `aind approveNode`", "roles", c.application.Roles)
	default:
		c.log.Info("application passes", "roles", c.application.Roles)
	}
}

// test finds a reason to reject. An error is no reason: it says that the test could not be made.
func (c *examined) test(ctx context.Context) error {
	reason, err := c.findReason(ctx)
	if err != nil {
		return err
	}
	c.rec.Reason, c.rec.Tested = c.cut(ctx, reason), true
	return nil
}

func (c *examined) findReason(ctx context.Context) (string, error) {
	application := c.application
	job, err := c.Catalog.Job(ctx, application.JobId)
	if err != nil {
		return "", err
	}
	terms, err := c.Catalog.Terms(ctx, application.JobId, job.TermsVersion)
	if err != nil {
		return "", err
	}
	if lacks := application.Capability.Lacks(terms.Requirement); lacks != "" && len(application.Qualifications) > 0 {
		return "capability does not meet the job's requirement, " + lacks, nil
	}
	applicant, err := sdk.AccAddressFromBech32(application.Applicant)
	if err != nil {
		return "", fmt.Errorf("applicant: %w", err)
	}
	for _, qualification := range application.Qualifications {
		if qualification.Role == program.ROLE_EVALUATOR && job.EvaluatorRelease == 0 {
			c.rec.Untested = true
			continue
		}
		want, err := c.Examiner.Answer(ctx, daemon.Exam{
			JobID: application.JobId, Applicant: applicant, Role: qualification.Role, Nonce: application.Nonce,
		})
		if err != nil {
			return "", err
		}
		if qualification.Digest != want {
			return fmt.Sprintf("qualification as %s: %s instead of %s; run the job's newest releases",
				roleName(qualification.Role.String()), short(qualification.Digest), short(want)), nil
		}
	}
	return "", nil
}

// cut keeps a reason within what the chain takes.
func (c *examined) cut(ctx context.Context, reason string) string {
	params, err := c.Network.ReputationParams(ctx)
	if err != nil || reason == "" {
		return reason
	}
	return strings.ToValidUTF8(reason[:min(len(reason), int(params.MaxStringBytes))], "")
}

func roleName(role string) string { return strings.ToLower(strings.TrimPrefix(role, "ROLE_")) }

// short is enough of a digest to compare with.
func short(digest string) string { return digest[:min(len(digest), len("sha256:")+16)] }

// forgetDecided removes the traces of applications that are not undecided any more.
func (a *Admin) forgetDecided(undecided, running map[uint64]bool) error {
	for _, key := range a.Journal.Keys(recordPrefix) {
		id, err := strconv.ParseUint(strings.TrimPrefix(key, recordPrefix), 10, 64)
		if err != nil {
			return fmt.Errorf("journal key %q names no application", key)
		}
		if undecided[id] || running[id] || a.tasks.Running()[id] {
			continue
		}
		if err := a.Outbox.Forget(messageKey(id, daemon.AdminApprove), messageKey(id, daemon.AdminReject)); err != nil {
			return err
		}
		if err := a.Journal.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
