package admin_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/admin"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

var me = daemontest.Address("admin")

// scene is a chain with one job whose root is the admin under test, and its machine.
type scene struct {
	*testing.T
	chain   *daemontest.Chain
	machine *daemontest.Machine
	job     uint64
}

func newScene(t *testing.T) *scene {
	chain := daemontest.NewChain()
	return &scene{
		T: t, chain: chain, machine: daemontest.NewMachine(t, chain, "admin", daemontest.NewStore(t)), job: chain.AddJob(t, me),
	}
}

// running is a started admin.
type running struct {
	*admin.Admin
	connection *daemontest.Connection
	begin      func()
	cancel     context.CancelFunc
	ended      chan error
}

// build makes an admin that does nothing before begin.
func (s *scene) build(cfg admin.Config) *running {
	s.Helper()
	cfg.Config = s.machine.Config()
	ctx, cancel := context.WithCancel(context.Background())
	world, connection := s.machine.World(s)
	a, err := admin.New(ctx, cfg, world)
	require.NoError(s, err)
	r := &running{Admin: a, connection: connection, cancel: cancel, ended: make(chan error, 1)}
	r.begin = func() {
		go func() { r.ended <- a.Run(ctx) }()
		s.Cleanup(func() { assert.NoError(s, r.stop()) })
	}
	return r
}

func (s *scene) start(cfg admin.Config) *running {
	s.Helper()
	r := s.build(cfg)
	r.begin()
	return r
}

// stop ends an admin as a signal does, and waits for it.
func (r *running) stop() error {
	r.cancel()
	err := <-r.ended
	r.ended <- err
	return err
}

// apply has a name apply for a role, with the answer that its own machine gives, changed as the test wants.
func (s *scene) apply(name string, role program.Role, change func(*reputationtypes.MsgApplyJob)) {
	s.Helper()
	applicant := daemontest.NewMachine(s, s.chain, name, s.machine.Store)
	world, connection := applicant.World(s)
	ctx, cancel := context.WithCancel(s.Context())
	kit, err := daemon.NewKit(ctx, applicant.Config(), world, role, daemon.WorkerNode, func() {})
	require.NoError(s, err)
	defer func() {
		cancel()
		require.NoError(s, kit.Close())
	}()
	nonce := make([]byte, 32)
	digest, err := kit.Examiner.Answer(ctx, daemon.Exam{JobID: s.job, Applicant: kit.Owner, Role: role, Nonce: nonce})
	require.NoError(s, err)
	msg := &reputationtypes.MsgApplyJob{
		JobId: s.job, Roles: []program.Role{role}, Nonce: nonce, Capability: kit.Config.Capability(),
		Qualifications: []reputationtypes.Qualification{{Role: role, Digest: digest}},
	}
	if change != nil {
		change(msg)
	}
	tx, err := connection.Build(ctx, world.Key, msg)
	require.NoError(s, err)
	_, err = connection.Send(ctx, tx)
	require.NoError(s, err)
}

// decision waits for the only application's.
func (s *scene) decision() (decision string) {
	s.Helper()
	daemontest.Eventually(s, "a decision", func() bool {
		for _, decided := range s.chain.Decisions() {
			decision = decided
		}
		return decision != ""
	})
	return decision
}

func TestApplicationsAreDecided(t *testing.T) {
	otherDigest := "sha256:" + "00000000000000000000000000000000000000000000000000000000000000ff"
	for name, c := range map[string]struct {
		role    program.Role
		change  func(*reputationtypes.MsgApplyJob)
		decided string
	}{
		"a worker with the right answer":     {program.ROLE_WORKER, nil, "approved"},
		"an evaluator with the right answer": {program.ROLE_EVALUATOR, nil, "approved"},
		"a worker with a wrong answer": {
			program.ROLE_WORKER,
			func(m *reputationtypes.MsgApplyJob) { m.Qualifications[0].Digest = otherDigest },
			"qualification as worker: sha256:0000000000000000 instead of",
		},
		"an evaluator with a wrong answer": {
			program.ROLE_EVALUATOR,
			func(m *reputationtypes.MsgApplyJob) { m.Qualifications[0].Digest = otherDigest },
			"qualification as evaluator: sha256:0000000000000000 instead of",
		},
		"a worker with the answer to another nonce": {
			program.ROLE_WORKER,
			func(m *reputationtypes.MsgApplyJob) { m.Nonce = append([]byte{1}, m.Nonce[1:]...) },
			"qualification as worker",
		},
		"a worker that lacks what the job requires": {
			program.ROLE_WORKER,
			func(m *reputationtypes.MsgApplyJob) { m.Capability.MemoryBytes = 1 },
			"capability does not meet the job's requirement, memory: 1 bytes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.chain.Require(s.job, program.Capability{MemoryBytes: 1 << 20})
			r := s.start(admin.Config{})
			s.apply("applicant", c.role, c.change)
			require.Contains(t, s.decision(), c.decided)
			daemontest.Eventually(t, "an empty journal", func() bool { return len(r.Journal.Keys("application/")) == 0 })
			require.NoError(t, r.stop())
		})
	}
}

func TestAnAnswerCannotBeCopied(t *testing.T) {
	s := newScene(t)
	s.start(admin.Config{})
	var copied []reputationtypes.Qualification
	var nonce []byte
	s.apply("honest", program.ROLE_WORKER, func(m *reputationtypes.MsgApplyJob) { copied, nonce = m.Qualifications, m.Nonce })
	require.Equal(t, "approved", s.decision())
	s.apply("copier", program.ROLE_WORKER, func(m *reputationtypes.MsgApplyJob) { m.Qualifications, m.Nonce = copied, nonce })
	daemontest.Eventually(t, "the second decision", func() bool { return len(s.chain.Decisions()) == 2 })
	rejected := 0
	for _, decided := range s.chain.Decisions() {
		if decided != "approved" {
			rejected++
		}
	}
	require.Equal(t, 1, rejected)
}

func TestNobodyIsRejectedForWhatGoesWrongHere(t *testing.T) {
	s := newScene(t)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.Fail)
	s.start(admin.Config{})
	s.apply("applicant", program.ROLE_WORKER, nil)
	daemontest.Eventually(t, "a second try", func() bool { return len(s.machine.Sandbox.Runs(daemontest.WorkerProgram)) > 1 })
	require.Empty(t, s.chain.Decisions())
	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.Double)
	require.Equal(t, "approved", s.decision())
}

func TestAskingTheAdminDecidesNothing(t *testing.T) {
	s := newScene(t)
	r := s.start(admin.Config{Approve: admin.ApproveAsk})
	s.apply("applicant", program.ROLE_WORKER, nil)
	daemontest.Eventually(t, "the test", func() bool { return len(s.machine.Sandbox.Runs(daemontest.WorkerProgram)) == 1 })
	require.Never(t, func() bool { return len(s.chain.Decisions()) > 0 }, 150*time.Millisecond, 10*time.Millisecond)
	require.NoError(t, r.stop())
	require.Len(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), 1, "the test is not made again")
}

// Where a job has no program for a role, a person decides.
func TestWhatNoProgramCanTestIsAsked(t *testing.T) {
	s := newScene(t)
	s.apply("applicant", program.ROLE_EVALUATOR, nil)
	s.chain.Unevaluated(s.job)
	s.start(admin.Config{})
	require.Never(t, func() bool { return len(s.chain.Decisions()) > 0 }, 150*time.Millisecond, 10*time.Millisecond)
	require.Empty(t, s.machine.Sandbox.Runs(daemontest.EvaluatorProgram))
	s.apply("other", program.ROLE_WORKER, nil)
	require.Equal(t, "approved", s.decision())
}

func TestConfigThatIsWrong(t *testing.T) {
	require.ErrorContains(t, admin.Config{Approve: "maybe"}.Validate(), "approve")
	cfg := newScene(t).machine.Config()
	cfg.Apply = true
	require.ErrorContains(t, admin.Config{Config: cfg}.Validate(), "apply")
}

// TestCrashAtEveryFailpoint has the admin die at each of its failpoints once, and start again: everybody gets one decision, and
// the challenge one verdict.
func TestCrashAtEveryFailpoint(t *testing.T) {
	for _, point := range daemon.Failpoints() {
		if point.Daemon != "admin" {
			continue
		}
		t.Run(point.Name, func(t *testing.T) {
			s := newScene(t)
			s.apply("good", program.ROLE_WORKER, nil)
			s.apply("bad", program.ROLE_WORKER, func(m *reputationtypes.MsgApplyJob) { m.Nonce = make([]byte, 31) })
			var current *running
			crash := daemontest.CrashAt(t, point.Number, func() {
				daemontest.Kill(t, current.connection, current.Journal, current.cancel)
			})
			begin := func() {
				current = s.build(admin.Config{})
				current.begin()
			}
			id := s.challenged("wrong")
			begin()
			daemontest.Eventually(t, "all decisions and heartbeats", func() bool {
				if crash.Dead() {
					require.NoError(t, current.stop())
					begin()
				}
				return crash.Happened() && len(s.chain.Decisions()) == 2 && s.chain.Heartbeats(me) > 1 &&
					len(current.Journal.Keys("application/")) == 0 && len(current.Journal.Keys("challenge/")) == 0 && s.isResolved(id)
			})
			for _, msg := range []sdk.Msg{
				&reputationtypes.MsgApproveNode{}, &reputationtypes.MsgRejectApplication{}, &jobstypes.MsgResolveChallenge{},
			} {
				require.Equal(t, 1, s.chain.Executed(me, msg), "%T", msg)
			}
		})
	}
}
