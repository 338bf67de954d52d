package daemontest

import (
	"testing"

	"cosmossdk.io/math"
	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// schema of the job that daemons are tested with: twice a number, and some padding where a reply has to be large.
const schema = `syntax = "proto3";
service Worker { rpc Double(Question) returns (Answer); }
service Evaluator { rpc Judge(Exam) returns (Verdict); }
message Question { int64 number = 1; }
message Answer { int64 number = 1; bytes padding = 2; }
message Entry { string node = 1; Answer response = 2; }
message Exam { Question request = 1; repeated Entry workers = 2; }
message Ranked { string node = 1; uint64 score = 2; bool valid = 3; }
message Verdict { repeated Ranked ranking = 1; }
`

// Reward of a request's workers and of its evaluator, deposit of the evaluator and bond of a worker, in uain.
const (
	WorkerReward    = 9_000
	EvaluatorReward = 1_000
	Deposit         = 5_000
	Bond            = 100
)

func compile(t testing.TB) []byte {
	t.Helper()
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"double.proto": schema}),
	}}
	files, err := compiler.Compile(t.Context(), "double.proto")
	require.NoError(t, err)
	set, err := proto.MarshalOptions{Deterministic: true}.Marshal(&descriptorpb.FileDescriptorSet{
		File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])},
	})
	require.NoError(t, err)
	return set
}

// AddJob registers the job and returns its id. Its programs are WorkerProgram and EvaluatorProgram.
func (c *Chain) AddJob(t testing.TB, root string) uint64 {
	t.Helper()
	set := compile(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	id, workerRelease, evaluatorRelease := c.id(), c.id(), c.id()
	release := func(releaseID uint64, role program.Role, digest string) jobstypes.Release {
		return jobstypes.Release{Id: releaseID, JobId: id, Spec: jobstypes.ReleaseSpec{
			Role: role, Version: "1.0.0",
			Program: program.Program{Kind: program.PROGRAM_KIND_WASM, ABI: program.ABI_STDIO_PROTO, Digest: digest, Size_: 1},
		}}
	}
	digest := jobstypes.Digest(set)
	c.state.jobs[id] = &job{
		Job: jobstypes.Job{
			Id: id, Root: root, SchemaDigest: digest, TermsVersion: 1, WorkerRelease: workerRelease, EvaluatorRelease: evaluatorRelease,
			QualificationInput: jobstypes.Input{Inline: Question(21)},
		},
		terms: jobstypes.TermsSpec{
			Verification: jobstypes.VERIFICATION_SOLUTION, MinDeposit: math.NewInt(Deposit), ChallengeFee: math.ZeroInt(),
		},
		schema: jobstypes.StoredSchema{Digest: digest, DescriptorSet: set},
		releases: map[uint64]jobstypes.Release{
			workerRelease:    release(workerRelease, program.ROLE_WORKER, WorkerProgram),
			evaluatorRelease: release(evaluatorRelease, program.ROLE_EVALUATOR, EvaluatorProgram),
		},
	}
	c.addNode(id, root, program.ROLE_ADMIN)
	return id
}

// Alternative adds a program to the job's worker release.
func (c *Chain) Alternative(jobID uint64, one program.Program) {
	c.read(func(s *state) {
		j := s.jobs[jobID]
		r := j.releases[j.WorkerRelease]
		r.Spec.Alternatives = append(r.Spec.Alternatives, one)
		j.releases[j.WorkerRelease] = r
	})
}

// Require changes what the job's terms require of a node.
func (c *Chain) Require(jobID uint64, requirement program.Capability) {
	c.read(func(s *state) { s.jobs[jobID].terms.Requirement = requirement })
}

// Unevaluated takes the job's evaluator away.
func (c *Chain) Unevaluated(jobID uint64) {
	c.read(func(s *state) { s.jobs[jobID].EvaluatorRelease = 0 })
}

// Terms changes those of a job.
func (c *Chain) Terms(jobID uint64, change func(*jobstypes.TermsSpec)) {
	c.read(func(s *state) { change(&s.jobs[jobID].terms) })
}

// Release changes a release of a job.
func (c *Chain) Release(jobID, releaseID uint64, change func(*jobstypes.Release)) {
	c.read(func(s *state) {
		release := s.jobs[jobID].releases[releaseID]
		change(&release)
		s.jobs[jobID].releases[releaseID] = release
	})
}

// Publish makes a program the newest of a job's workers, and returns its release.
func (c *Chain) Publish(jobID uint64, digest string) (id uint64) {
	c.read(func(s *state) {
		id = c.id()
		j := s.jobs[jobID]
		release := j.releases[j.WorkerRelease]
		release.Id, release.Spec.Version, release.Spec.Program.Digest = id, "1.1.0", digest
		j.releases[id], j.WorkerRelease = release, id
	})
	return id
}

// Trust has the chain trust a builder, or no longer.
func (c *Chain) Trust(builder string, trusted bool) {
	c.read(func(s *state) { s.builders = map[string]bool{builder: trusted} })
}

// WorkerRelease is the newest of a job.
func (c *Chain) WorkerRelease(jobID uint64) (id uint64) {
	c.read(func(s *state) { id = s.jobs[jobID].WorkerRelease })
	return id
}

// AddNode makes an owner a node with stake.
func (c *Chain) AddNode(jobID uint64, owner string, stake int64, roles ...program.Role) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addNode(jobID, owner, roles...)
	c.state.stakes[owner] = math.NewInt(stake)
}

// AddRequest opens a request, which change may alter before anybody sees it. Its client accepts any ranking.
func (c *Chain) AddRequest(jobID uint64, change func(*jobstypes.Request)) uint64 {
	c.mu.Lock()
	id := c.id()
	j := c.state.jobs[jobID]
	r := &request{assignments: map[string]jobstypes.Assignment{}, Request: jobstypes.Request{
		Id: id, Client: Key("client").Address().String(), State: jobstypes.REQUEST_STATE_OPEN, TermsVersion: 1, ParamsVersion: 1,
		WorkerRelease: j.WorkerRelease, EvaluatorRelease: j.EvaluatorRelease, ClientConceded: true,
		RequestedMs: c.now(), DeadlineMs: c.now() + int64(c.Windows.OpenMs),
		Deposit: math.NewInt(Deposit), WorkerBond: math.NewInt(Bond), ChainShare: math.NewInt(100),
		Spec: jobstypes.RequestSpec{
			JobId: jobID, Input: jobstypes.Input{Inline: Question(21)}, TimeLimitMs: 60_000, MinWorkers: 1, MaxWorkers: 1,
			WorkerReward: math.NewInt(WorkerReward), EvaluatorReward: math.NewInt(EvaluatorReward),
			RewardFunction: jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_EVEN},
		},
	}}
	if change != nil {
		change(&r.Request)
	}
	c.state.requests[id] = r
	c.mu.Unlock()
	c.wake()
	return id
}

// AcceptAs has an evaluator that is no daemon accept a request.
func (c *Chain) AcceptAs(t testing.TB, evaluator string, requestID uint64) {
	t.Helper()
	c.DoAs(t, evaluator, &jobstypes.MsgAcceptJob{RequestId: requestID, Role: program.ROLE_EVALUATOR})
}

// RankAs has an evaluator that is no daemon rank nodes, the best first.
func (c *Chain) RankAs(t testing.TB, evaluator string, requestID uint64, nodes ...string) {
	t.Helper()
	rank := &jobstypes.MsgRank{RequestId: requestID}
	for i, node := range nodes {
		rank.Ranking = append(rank.Ranking, jobstypes.RankEntry{Node: node, Score: uint64(len(nodes) - i)})
	}
	c.DoAs(t, evaluator, rank)
}

// ChallengeAs has somebody call on a resolver to judge a ranked request.
func (c *Chain) ChallengeAs(t testing.TB, challenger, resolver string, requestID uint64) {
	t.Helper()
	c.read(func(s *state) {
		r := s.requests[requestID]
		require.Equal(t, jobstypes.REQUEST_STATE_RANKED, r.State)
		r.Challenges = append(r.Challenges, jobstypes.Challenge{Challenger: challenger, Resolver: resolver, Fee: math.ZeroInt()})
		r.State, r.DeadlineMs = jobstypes.REQUEST_STATE_CHALLENGED, c.now()+int64(c.Windows.ChallengeMs)
		if r.Spec.JudgesNeedKeys() {
			r.AwaitingKeys, r.Pending().EncryptionKey = true, s.keys[resolver]
		}
	})
	c.wake()
}

// Peek returns a request, its assignments by worker, and what an owner has earned and has as stake.
func (c *Chain) Peek(requestID uint64) (r jobstypes.Request, assignments map[string]jobstypes.Assignment) {
	c.read(func(s *state) {
		if found := s.requests[requestID]; found != nil {
			r = found.Request
			assignments = map[string]jobstypes.Assignment{}
			for worker, a := range found.assignments {
				assignments[worker] = a
			}
		}
	})
	return r, assignments
}

// Money is what an owner has earned, and its free stake.
func (c *Chain) Money(owner string) (earned, stake int64) {
	c.read(func(s *state) {
		if amount, ok := s.earned[owner]; ok {
			earned = amount.Int64()
		}
		stake = c.stake(owner).Int64()
	})
	return earned, stake
}

// Heartbeats counts those of an owner.
func (c *Chain) Heartbeats(owner string) (n int) {
	c.read(func(s *state) { n = s.heartbeats[owner] })
	return n
}

// Decisions lists how applications were decided, by id: "approved", or the reason to reject.
func (c *Chain) Decisions() map[uint64]string {
	decisions := map[uint64]string{}
	c.read(func(s *state) {
		for id, decision := range s.decisions {
			decisions[id] = decision
		}
	})
	return decisions
}

// Question is a request's message.
func Question(number int64) []byte { return numberField(number) }

// Answer is a reply's message.
func Answer(number int64, padding []byte) []byte {
	b := numberField(number)
	if len(padding) > 0 {
		b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), padding)
	}
	return b
}

func numberField(number int64) []byte {
	if number == 0 {
		return nil
	}
	return protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(number))
}
