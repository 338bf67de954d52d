package daemon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// MemberChain is what Member asks. Chain is one.
type MemberChain interface {
	Memberships(ctx context.Context, owner string) ([]reputationtypes.NodeInfo, error)
	Applications(ctx context.Context, jobID uint64, admin, applicant string) ([]reputationtypes.Application, error)
	ReputationParams(ctx context.Context) (reputationtypes.Params, error)
	// EncryptionKey is what an owner has stated that data is encrypted to for it; empty: nothing.
	EncryptionKey(ctx context.Context, owner string) (string, error)
}

// Member keeps an owner's place in the trees of jobs: it applies where it was told to, and shows that it is alive.
type Member struct {
	Role     program.Role
	Steps    NodeSteps
	Config   Config
	Signer   string // who signs: the owner or its operator
	Owner    sdk.AccAddress
	Chain    MemberChain
	Catalog  *Catalog
	Examiner *Examiner
	Journal  *Journal
	Outbox   *Outbox
	Log      *slog.Logger
	// Changed is called when something was done that the chain should be asked about; it must not block.
	Changed func()
	// EncryptionKey is stated on the chain where the owner has none there.
	EncryptionKey string
	// Room of the node's own space; nil: it has none.
	Room Room

	tasks  Tasks[uint64]
	joined chan struct{} // a token says that the first job was found

	mu     sync.Mutex
	jobs   []Job
	looked time.Time
	missed []uint64 // jobs of the config in which the owner has no active place
	told   map[string]bool

	stated bool // the chain has the encryption key, or that of another machine
}

// memberFresh is how old the list of jobs may be when the owner has every place it wants.
const memberFresh = 10 * time.Second

// Jobs returns the jobs that the owner's policy has this daemon serve and in which the chain lets it. Where the daemon was
// told to apply and has no place yet, it applies in the background.
func (m *Member) Jobs(ctx context.Context) ([]Job, error) {
	m.mu.Lock()
	fresh := len(m.missed) == 0 && time.Since(m.looked) < memberFresh
	jobs := m.jobs
	m.mu.Unlock()
	if fresh {
		return jobs, nil
	}
	jobs, missed, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	first := len(m.jobs) == 0 && len(jobs) > 0
	m.jobs, m.missed, m.looked = jobs, missed, time.Now()
	m.mu.Unlock()
	if first {
		select {
		case m.joined <- struct{}{}:
		default:
		}
	}
	applying := m.tasks.Running()
	for _, job := range jobs {
		if applying[job.Id] {
			continue // it is about to write the record
		}
		if err := m.welcome(job.Id); err != nil {
			return nil, err
		}
	}
	for _, jobID := range missed {
		if !m.Config.Apply {
			m.tellOnce(fmt.Sprint("no place in ", jobID), "no node of this job, and not told to apply (--apply)", "job", JobID(jobID))
			continue
		}
		m.tasks.Start(jobID, func() { m.apply(ctx, jobID) })
	}
	return jobs, nil
}

// Wait returns when nothing runs in the background any more, after the context of Jobs has ended.
func (m *Member) Wait() { m.tasks.Wait() }

// look asks which jobs the owner serves, and for which of the configured ones it has no active place.
func (m *Member) look(ctx context.Context) (jobs []Job, missed []uint64, err error) {
	nodes, err := m.Chain.Memberships(ctx, m.Owner.String())
	if err != nil {
		return nil, nil, err
	}
	active := map[uint64]bool{}
	for _, info := range nodes {
		jobID := info.Node.JobId
		if info.Node.Status != reputationtypes.NODE_STATUS_ACTIVE || !contains(info.Node.Roles, m.Role) {
			continue
		}
		active[jobID] = true
		job, err := m.Catalog.Job(ctx, jobID)
		if err != nil {
			return nil, nil, err
		}
		if why := m.Config.Refuses(jobID, job.Root); why != "" {
			m.tellOnce("refuses "+JobID(jobID).String(), "not serving a job", "job", JobID(jobID), "why", why)
			continue
		}
		jobs = append(jobs, job)
	}
	for _, jobID := range m.Config.Jobs {
		if !active[uint64(jobID)] {
			missed = append(missed, uint64(jobID))
		}
	}
	return jobs, missed, nil
}

func (m *Member) tellOnce(key, message string, attributes ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.told == nil {
		m.told = map[string]bool{}
	}
	if !m.told[key] {
		m.told[key] = true
		m.Log.Info(message, attributes...)
	}
}

// welcome closes the record of an application that has come to a good end.
func (m *Member) welcome(jobID uint64) error {
	key := applicationKey(jobID)
	known, err := m.Journal.Get(key, &application{})
	if err != nil || !known {
		return err
	}
	m.Log.Info("approved", "job", JobID(jobID), "node", m.Owner.String(), "role", m.Role)
	if err := m.Outbox.Forget(key); err != nil {
		return err
	}
	return m.Journal.Delete(key)
}

func applicationKey(jobID uint64) string { return "apply/" + strconv.FormatUint(jobID, 10) }

// application is the journal's record of asking for a place in a job.
type application struct {
	Progress
	Nonce      []byte    `json:"nonce,omitempty"`
	Digest     string    `json:"digest,omitempty"`
	Attempts   int       `json:"attempts,omitempty"`
	RetryAfter time.Time `json:"retry_after,omitzero"`
}

// Pauses before the next attempt, doubled each time: after one that went wrong on the way, and after an admin's no.
const (
	pauseAfterError     = 2 * time.Second
	pauseAfterRejection = 15 * time.Second
	mostPauseError      = time.Minute
	mostPauseRejection  = time.Hour
)

func (m *Member) apply(ctx context.Context, jobID uint64) {
	log := m.Log.With("job", JobID(jobID))
	if err := m.applyOnce(ctx, log, jobID); err != nil && ctx.Err() == nil {
		log.Warn("could not apply, trying again", "error", err)
	}
}

// applyOnce takes the application as far as it gets now.
func (m *Member) applyOnce(ctx context.Context, log *slog.Logger, jobID uint64) error {
	key := applicationKey(jobID)
	var record application
	if _, err := m.Journal.Get(key, &record); err != nil {
		return err
	}
	if time.Now().Before(record.RetryAfter) {
		return nil
	}
	undecided, err := m.Chain.Applications(ctx, jobID, "", m.Owner.String())
	if err != nil {
		return err
	}
	if len(undecided) > 0 {
		m.tellOnce(fmt.Sprint("application ", undecided[0].Id), "waiting for the admin's decision",
			"job", JobID(jobID), "application", undecided[0].Id, "admin", undecided[0].Admin)
		return nil
	}
	// Whoever started this may have looked before the admin approved, and the record may be closed since.
	if _, missed, err := m.look(ctx); err != nil || !contains(missed, jobID) {
		return err
	}
	if record.Step == m.Steps.Apply.Name && record.Done {
		again := pause(&record.Attempts, pauseAfterRejection, mostPauseRejection)
		log.Warn("application was rejected or expired, applying again later", "node", m.Owner.String(), "in", again)
		return m.Journal.Put(key, application{Attempts: record.Attempts, RetryAfter: time.Now().Add(again)})
	}
	if err := m.applyNow(ctx, key, jobID, &record); err != nil {
		record.RetryAfter = time.Now().Add(pause(&record.Attempts, pauseAfterError, mostPauseError))
		return errors.Join(err, m.Journal.Put(key, &record))
	}
	log.Info("applied", "node", m.Owner.String(), "role", m.Role)
	m.Changed()
	return nil
}

// refusal is an error where there is a reason.
func refusal(why string) error {
	if why == "" {
		return nil
	}
	return errors.New(why)
}

func (m *Member) applyNow(ctx context.Context, key string, jobID uint64, record *application) error {
	job, err := m.Catalog.Job(ctx, jobID)
	if err != nil {
		return err
	}
	if why := m.Config.Refuses(jobID, job.Root); why != "" {
		return errors.New(why)
	}
	newest := map[program.Role]uint64{program.ROLE_WORKER: job.WorkerRelease, program.ROLE_EVALUATOR: job.EvaluatorRelease}[m.Role]
	if why, err := m.Examiner.Programs.Refuses(ctx, newest); err != nil || why != "" {
		return errors.Join(err, refusal(why))
	}
	capability, err := m.capability(ctx)
	if err != nil {
		return fmt.Errorf("what storage is left: %w", err)
	}
	terms, err := m.Catalog.Terms(ctx, jobID, job.TermsVersion)
	if err != nil {
		return err
	}
	if lacks := capability.Lacks(terms.Requirement); lacks != "" {
		return fmt.Errorf("this node does not meet the job's requirement, %s (raise limits in the config, or install what is missing)", lacks)
	}
	qualified := record.Step == m.Steps.Qualify.Name && record.Done || record.Step == m.Steps.Apply.Name
	if !qualified {
		err := m.Journal.Do(m.Steps.Qualify, key, record, func() (err error) {
			record.Nonce = make([]byte, 32)
			rand.Read(record.Nonce) // never fails
			record.Digest, err = m.Examiner.Answer(ctx, Exam{JobID: jobID, Applicant: m.Owner, Role: m.Role, Nonce: record.Nonce})
			return err
		})
		if err != nil {
			return err
		}
	}
	return m.Journal.Do(m.Steps.Apply, key, record, func() error {
		err := m.Outbox.Do(ctx, m.Steps.Apply, key, &reputationtypes.MsgApplyJob{
			Signer: m.Signer, JobId: jobID, Roles: []program.Role{m.Role}, Admin: m.Config.Admin,
			Capability: capability, Nonce: record.Nonce,
			Qualifications: []reputationtypes.Qualification{{Role: m.Role, Digest: record.Digest}},
		})
		var refused *client.TxError
		if errors.As(err, &refused) {
			record.Digest = "" // whatever was wrong, the next attempt is a new application
			record.Step = ""
		}
		return err
	})
}
