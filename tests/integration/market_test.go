package integration_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	chainclient "github.com/ain-network/aind/client"
	"github.com/ain-network/aind/examples"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

var (
	root      = apptest.NewAccount("root")
	client    = apptest.NewAccount("client")
	evaluator = apptest.NewAccount("evaluator")
	worker1   = apptest.NewAccount("worker-1")
	worker2   = apptest.NewAccount("worker-2")
)

// market is a chain with a job that an evaluator and two workers serve. Everything goes through signed transactions.
type market struct {
	*apptest.Chain
	t   testing.TB
	job uint64
}

const (
	ain      = 1_000_000
	newcomer = 1_000 * ain
)

func newMarket(t testing.TB) *market {
	return newMarketUnder(t, jobstypes.TermsSpec{MinDeposit: sdkmath.NewInt(10), ChallengeFee: sdkmath.NewInt(5)})
}

// newMarketUnder is newMarket with terms of the job.
func newMarketUnder(t testing.TB, terms jobstypes.TermsSpec) *market {
	c := apptest.New(t, apptest.Config{
		Accounts: map[string]int64{
			"alice": newcomer, "bob": newcomer, "root": newcomer, "client": newcomer, "evaluator": newcomer, "worker-1": newcomer, "worker-2": newcomer,
		},
		BlockTime: 100 * time.Millisecond,
	})
	m := &market{Chain: c, t: t}
	m.job = m.register(terms)
	m.join(evaluator, program.ROLE_EVALUATOR)
	m.join(worker1, program.ROLE_WORKER)
	m.join(worker2, program.ROLE_WORKER)
	return m
}

// must sends messages of one account and reads the response to the first.
func (m *market) must(response interface{ Unmarshal([]byte) error }, from apptest.Account, msgs ...sdk.Msg) {
	m.t.Helper()
	result := m.Must(from, msgs...)
	var data sdk.TxMsgData
	require.NoError(m.t, data.Unmarshal(result.Data))
	require.NoError(m.t, response.Unmarshal(data.MsgResponses[0].Value))
}

func (m *market) register(terms jobstypes.TermsSpec) uint64 {
	m.t.Helper()
	folder := m.t.TempDir()
	require.NoError(m.t, os.CopyFS(folder, examples.CalculateRoot()))
	schema, err := release.Compile(m.t.Context(), filepath.Join(folder, "job_schema.proto"))
	require.NoError(m.t, err)
	msg := &jobstypes.MsgRegisterJob{
		Signer: root.String(), Name: "calculate-root", Schema: schema, SourceURL: "https://example.org/roots", SourceCommit: "0123abcd",
		Terms: terms,
	}
	for _, role := range []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR} {
		spec := jobstypes.ReleaseSpec{Role: role, Version: "1.0.0", Program: program.Program{
			Kind: program.PROGRAM_KIND_WASM, Digest: jobstypes.Digest([]byte(role.String())), Size_: 100, ABI: program.ABI_STDIO_PROTO,
		}}
		require.NoError(m.t, release.Sign(m.t.Context(), chainclient.NewKey(root.Key), jobstypes.Digest(schema), &spec))
		msg.Releases = append(msg.Releases, spec)
	}
	var registered jobstypes.MsgRegisterJobResponse
	m.must(&registered, root, msg)
	return registered.JobId
}

// join stakes, applies and is approved.
func (m *market) join(node apptest.Account, role program.Role) {
	m.t.Helper()
	nonce := make([]byte, 16)
	var applied reputationtypes.MsgApplyJobResponse
	m.Must(node, setStake(node, 500*ain))
	m.must(&applied, node, &reputationtypes.MsgApplyJob{
		Signer: node.String(), JobId: m.job, Roles: []program.Role{role}, Nonce: nonce,
		Capability: program.Capability{CPUMillis: 1000, MemoryBytes: 1 << 30, Arch: "amd64", OS: "linux"},
		Qualifications: []reputationtypes.Qualification{{
			Role: role, Digest: reputationtypes.QualificationDigest(apptest.ChainID, m.job, node.Address, role, nonce, []byte("answer")),
		}},
	})
	m.Must(root, &reputationtypes.MsgApproveNode{Signer: root.String(), ApplicationId: applied.ApplicationId})
}

// request orders the root of 4 from at most two workers.
func (m *market) request() uint64 {
	m.t.Helper()
	var requested jobstypes.MsgRequestJobResponse
	m.must(&requested, client, &jobstypes.MsgRequestJob{Signer: client.String(), Spec: jobstypes.RequestSpec{
		JobId:           m.job,
		Input:           jobstypes.Input{Inline: float(4)},
		EvaluatorReward: sdkmath.NewInt(10 * ain),
		WorkerReward:    sdkmath.NewInt(10 * ain),
		RewardFunction:  jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WINNER_TAKES_ALL},
		TimeLimitMs:     3000,
		MaxWorkers:      2,
	}})
	return requested.RequestId
}

// float is a message whose first field is a float.
func float(x float32) []byte {
	return binary.LittleEndian.AppendUint32([]byte{1<<3 | 5}, math.Float32bits(x))
}

func (m *market) accept(node apptest.Account, id uint64, role program.Role) {
	m.t.Helper()
	m.Must(node, &jobstypes.MsgAcceptJob{Signer: node.String(), RequestId: id, Role: role})
}

func salt(of apptest.Account) []byte { return of.Key.PubKey().Bytes()[:32] }

func (m *market) commit(worker apptest.Account, id uint64, x float32) {
	m.t.Helper()
	digest, err := jobstypes.ResultDigest(jobstypes.Result{Inline: float(x)})
	require.NoError(m.t, err)
	commitment := jobstypes.Commitment(apptest.ChainID, id, worker.Address, digest, salt(worker))
	m.Must(worker, &jobstypes.MsgSubmitResult{Signer: worker.String(), RequestId: id, Commitment: commitment[:]})
}

func (m *market) reveal(worker apptest.Account, id uint64, x float32) {
	m.t.Helper()
	m.Must(worker, &jobstypes.MsgRevealResult{
		Signer: worker.String(), RequestId: id, Result: jobstypes.Result{Inline: float(x)}, Salt: salt(worker),
	})
}

func (m *market) rank(id uint64, order ...apptest.Account) {
	m.t.Helper()
	ranking := make([]jobstypes.RankEntry, 0, len(order))
	for i, worker := range order {
		ranking = append(ranking, jobstypes.RankEntry{Node: worker.String(), Score: uint64(len(order) - i)})
	}
	m.Must(evaluator, &jobstypes.MsgRank{Signer: evaluator.String(), RequestId: id, Ranking: ranking})
}

// state of a request.
func (m *market) state(id uint64) jobstypes.RequestState {
	m.t.Helper()
	found, err := jobsQuery(m.Chain).Request(m.Context(), &jobstypes.QueryRequestRequest{RequestId: id})
	require.NoError(m.t, err)
	return found.Request.State
}

// advance takes a request to a state, along the path on which everybody does what they should.
func (m *market) advance(id uint64, to jobstypes.RequestState) {
	m.t.Helper()
	for _, step := range []struct {
		reached jobstypes.RequestState
		do      func()
	}{
		{jobstypes.REQUEST_STATE_OPEN, func() {}},
		{jobstypes.REQUEST_STATE_RUNNING, func() {
			m.accept(evaluator, id, program.ROLE_EVALUATOR)
			m.accept(worker1, id, program.ROLE_WORKER)
			m.accept(worker2, id, program.ROLE_WORKER)
		}},
		{jobstypes.REQUEST_STATE_REVEALING, func() {
			m.commit(worker1, id, 1.5)
			m.commit(worker2, id, 2)
		}},
		{jobstypes.REQUEST_STATE_EVALUATING, func() {
			m.reveal(worker1, id, 1.5)
			m.reveal(worker2, id, 2)
		}},
		{jobstypes.REQUEST_STATE_RANKED, func() { m.rank(id, worker2, worker1) }},
		{jobstypes.REQUEST_STATE_SETTLED, func() {
			for _, account := range []apptest.Account{client, worker1} {
				m.Must(account, &jobstypes.MsgAcceptResult{Signer: account.String(), RequestId: id})
			}
		}},
	} {
		step.do()
		require.Equal(m.t, step.reached, m.state(id))
		if step.reached == to {
			return
		}
	}
}

func TestRequestIsOrderedWorkedOnAndPaid(t *testing.T) {
	m := newMarket(t)
	wallets := func() map[string]int64 {
		all := map[string]int64{"fees": m.fees()}
		for _, account := range []apptest.Account{root, client, evaluator, worker1, worker2} {
			all[account.Name] = balance(m.Chain, account)
		}
		return all
	}
	before := wallets()
	m.advance(m.request(), jobstypes.REQUEST_STATE_SETTLED)
	after := wallets()
	change := map[string]int64{}
	for name := range before {
		change[name] = after[name] - before[name]
	}
	require.Equal(t, map[string]int64{
		"client": -20_200_000, "evaluator": 10_000_000, "worker-2": 10_000_000, "fees": 200_000, "worker-1": 0, "root": 0,
	}, change)
	for _, node := range []apptest.Account{evaluator, worker1, worker2} {
		require.Equal(t, int64(500*ain), stakeOf(t, m.Chain, node), "deposit and bonds of %s came back", node.Name)
	}
}

// fees are what validators and delegators got so far, paid out or not.
func (m *market) fees() int64 {
	total := sdkmath.ZeroInt()
	for _, name := range []string{authtypes.FeeCollectorName, "distribution"} {
		total = total.Add(m.App.Bank.GetBalance(m.Context(), authtypes.NewModuleAddress(name), chain.Denom).Amount)
	}
	return total.Int64()
}

// TestExportKeepsRequestsInEveryState stops a chain with a request in each state of its life, and lets the new chain finish
// them all.
func TestExportKeepsRequestsInEveryState(t *testing.T) {
	m := newMarket(t)
	states := []jobstypes.RequestState{
		jobstypes.REQUEST_STATE_OPEN, jobstypes.REQUEST_STATE_RUNNING, jobstypes.REQUEST_STATE_REVEALING,
		jobstypes.REQUEST_STATE_EVALUATING, jobstypes.REQUEST_STATE_RANKED, jobstypes.REQUEST_STATE_SETTLED,
	}
	m.BlockTime = time.Millisecond // so that the first is not over before the last is made
	var ids []uint64
	for _, state := range states {
		id := m.request()
		m.advance(id, state)
		ids = append(ids, id)
	}
	pending := &reputationtypes.MsgApplyJob{
		Signer: bob.String(), JobId: m.job, Roles: []program.Role{program.ROLE_WORKER}, Nonce: make([]byte, 16),
		Qualifications: []reputationtypes.Qualification{{Role: program.ROLE_WORKER, Digest: jobstypes.Digest([]byte("x"))}},
	}
	m.Must(bob, pending)

	first := m.Export()
	renewed := &market{Chain: apptest.FromGenesis(t, first), t: t, job: m.job}
	renewed.BlockTime = 0
	renewed.Block()
	for _, module := range exactModules {
		if module == "jobs" {
			continue // its clock has moved on with the block; the requests are compared below
		}
		require.JSONEq(t, moduleState(t, first.AppState, module), moduleState(t, renewed.Export().AppState, module), module)
	}
	for i, id := range ids {
		require.Equal(t, states[i], renewed.state(id))
	}

	// Both chains live on for long enough that every deadline passes, and end up the same.
	for _, c := range []*market{m, renewed} {
		c.BlockTime = 20 * time.Second
	}
	m.Block()
	for range 60 {
		m.Block()
		renewed.Block()
	}
	renewed.Block()
	for _, id := range ids {
		require.Equal(t, m.state(id), renewed.state(id))
	}
	require.Equal(t, m.fees(), renewed.fees())
	for _, account := range []apptest.Account{client, evaluator, worker1, worker2} {
		require.Equal(t, balance(m.Chain, account), balance(renewed.Chain, account), account.Name)
		require.Equal(t, stakeOf(t, m.Chain, account), stakeOf(t, renewed.Chain, account), account.Name)
	}
}

func TestMarketReachesTheSameStateEverywhere(t *testing.T) {
	run := func() []byte {
		m := newMarket(t)
		for range 3 {
			m.advance(m.request(), jobstypes.REQUEST_STATE_SETTLED)
		}
		m.advance(m.request(), jobstypes.REQUEST_STATE_REVEALING)
		m.BlockTime = 10 * time.Second
		for range 40 {
			m.Block()
		}
		return m.App.LastCommitID().Hash
	}
	require.Equal(t, run(), run())
}
