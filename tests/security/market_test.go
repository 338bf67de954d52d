package security_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	errorsmod "cosmossdk.io/errors"
	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	chainclient "github.com/ain-network/aind/client"
	"github.com/ain-network/aind/examples"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobskeeper "github.com/ain-network/aind/x/jobs/keeper"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// What everybody of a market starts with, in uain.
const (
	wallet = 1_000_000
	stake  = 500_000
)

// market is the whole chain with one job: root above admin above the evaluators e1 and e2 and the workers w1 to w4;
// the evaluator e3 is below root itself. client orders, mallory has coins and no role. Everything that anybody does
// goes through a signed transaction.
//
// Rewards of most tests are R_e 100 and R_w 1000, so D is 1000; the bond is 50, a challenge costs 100, then 200.
type market struct {
	*apptest.Chain
	t   testing.TB
	job uint64
}

var people = []string{"root", "admin", "e1", "e2", "e3", "w1", "w2", "w3", "w4", "client", "mallory", "hot"}

// register changes what most tests begin with.
type register func(*jobstypes.MsgRegisterJob)

func newMarket(t testing.TB, changes ...register) *market {
	t.Helper()
	accounts := map[string]int64{"whale": 2_000_000_000_000}
	for _, name := range people {
		accounts[name] = wallet
	}
	c := apptest.New(t, apptest.Config{Accounts: accounts, BlockTime: 100 * time.Millisecond, Genesis: func(g *app.GenesisBuilder) {
		app.EditGenesis(g, govtypes.ModuleName, func(state *govv1.GenesisState) {
			period, half := 2*time.Second, time.Second
			state.Params.VotingPeriod, state.Params.ExpeditedVotingPeriod = &period, &half
		})
	}})
	m := &market{Chain: c, t: t}
	m.job = m.registerJob(changes...)
	m.join(program.ROLE_ADMIN, "root", "admin")
	m.join(program.ROLE_EVALUATOR, "admin", "e1", "e2")
	m.join(program.ROLE_EVALUATOR, "root", "e3")
	m.join(program.ROLE_WORKER, "admin", "w1", "w2", "w3", "w4")
	return m
}

func account(name string) apptest.Account { return apptest.NewAccount(name) }

func address(name string) string { return account(name).String() }

// try sends messages in a block of their own; the error is the registered one.
func (m *market) try(from string, msgs ...sdk.Msg) error {
	m.t.Helper()
	result := m.Do(account(from), msgs...)
	if result.Code == 0 {
		return nil
	}
	return errorsmod.ABCIError(result.Codespace, result.Code, result.Log)
}

func (m *market) must(from string, msgs ...sdk.Msg) {
	m.t.Helper()
	require.NoError(m.t, m.try(from, msgs...), from)
}

// refused holds that messages fail with an error, and leave everybody's coins where they were.
func (m *market) refused(want error, from string, msgs ...sdk.Msg) {
	m.t.Helper()
	before := m.worths()
	require.ErrorIs(m.t, m.try(from, msgs...), want, from)
	require.Equal(m.t, before, m.worths())
}

// answer is must for one message whose response matters.
func (m *market) answer(response unmarshaler, from string, msg sdk.Msg) {
	m.t.Helper()
	respond(m.t, m.Must(account(from), msg), response)
}

type unmarshaler interface{ Unmarshal([]byte) error }

// respond reads the response to a transaction's first message.
func respond(t testing.TB, result *abci.ExecTxResult, response unmarshaler) {
	t.Helper()
	var data sdk.TxMsgData
	require.NoError(t, data.Unmarshal(result.Data))
	require.NoError(t, response.Unmarshal(data.MsgResponses[0].Value))
}

func (m *market) registerJob(changes ...register) uint64 {
	m.t.Helper()
	msg := registration(m.t)
	for _, change := range changes {
		change(msg)
	}
	var registered jobstypes.MsgRegisterJobResponse
	m.answer(&registered, "root", msg)
	return registered.JobId
}

func registration(t testing.TB) *jobstypes.MsgRegisterJob {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, examples.CalculateRoot()))
	schema, err := release.Compile(t.Context(), filepath.Join(folder, "job_schema.proto"))
	require.NoError(t, err)
	msg := &jobstypes.MsgRegisterJob{
		Signer: address("root"), Name: "calculate-root", Schema: schema, SourceURL: "https://example.org/roots", SourceCommit: "0123abcd",
		Terms: jobstypes.TermsSpec{
			MinDeposit: sdkmath.NewInt(10), ChallengeFee: sdkmath.NewInt(100), Bond: &jobstypes.Bond{Amount: sdkmath.NewInt(50)},
			Windows: jobstypes.Windows{
				OpenMs: 20_000, HiringMs: 4_000, RevealMs: 5_000, EvaluationMs: 10_000, ChallengeMs: 15_000, ResolveMs: 15_000,
			},
		},
		TreePolicy: program.TreePolicy{AdminsApprove: true},
	}
	for _, role := range []program.Role{program.ROLE_WORKER, program.ROLE_EVALUATOR} {
		msg.Releases = append(msg.Releases, released(t, schema, role, "1.0.0"))
	}
	return msg
}

// released is a release that root has signed.
func released(t testing.TB, schema []byte, role program.Role, version string) jobstypes.ReleaseSpec {
	t.Helper()
	spec := jobstypes.ReleaseSpec{Role: role, Version: version, Program: program.Program{
		Kind: program.PROGRAM_KIND_WASM, Digest: jobstypes.Digest([]byte(role.String() + version)), Size_: 100, ABI: program.ABI_STDIO_PROTO,
	}}
	require.NoError(t, release.Sign(t.Context(), chainclient.NewKey(account("root").Key), jobstypes.Digest(schema), &spec))
	return spec
}

// join has accounts stake, apply to an admin and be approved.
func (m *market) join(role program.Role, admin string, names ...string) {
	m.t.Helper()
	for _, name := range names {
		m.must(name, &escrowtypes.MsgSetStake{Owner: address(name), Amount: sdkmath.NewInt(stake)})
		m.approve(admin, m.apply(role, admin, name))
	}
}

func (m *market) apply(role program.Role, admin, name string) uint64 {
	m.t.Helper()
	var applied reputationtypes.MsgApplyJobResponse
	m.answer(&applied, name, m.application(role, admin, name))
	return applied.ApplicationId
}

func (m *market) application(role program.Role, admin, name string) *reputationtypes.MsgApplyJob {
	nonce := make([]byte, 16)
	msg := &reputationtypes.MsgApplyJob{
		Signer: address(name), JobId: m.job, Roles: []program.Role{role}, Nonce: nonce, Admin: address(admin),
		Capability: program.Capability{CPUMillis: 1000, MemoryBytes: 1 << 30, Arch: "amd64", OS: "linux"},
	}
	if role != program.ROLE_ADMIN {
		msg.Qualifications = []reputationtypes.Qualification{{
			Role:   role,
			Digest: reputationtypes.QualificationDigest(apptest.ChainID, m.job, account(name).Address, role, nonce, []byte("answer")),
		}}
	}
	return msg
}

func (m *market) approve(admin string, application uint64) {
	m.t.Helper()
	m.must(admin, &reputationtypes.MsgApproveNode{Signer: address(admin), ApplicationId: application})
}

// order changes what is asked for.
type order func(*jobstypes.RequestSpec)

func workers(n uint32) order { return func(s *jobstypes.RequestSpec) { s.MaxWorkers = n } }

func winnerTakesAll(s *jobstypes.RequestSpec) {
	s.RewardFunction = jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WINNER_TAKES_ALL}
}

func rewards(evaluator, workers int64) order {
	return func(s *jobstypes.RequestSpec) {
		s.EvaluatorReward, s.WorkerReward = sdkmath.NewInt(evaluator), sdkmath.NewInt(workers)
	}
}

// spec asks for the root of 4, from two workers who share evenly.
func (m *market) spec(changes ...order) jobstypes.RequestSpec {
	spec := jobstypes.RequestSpec{
		JobId: m.job, Input: jobstypes.Input{Inline: float(4)}, EvaluatorReward: sdkmath.NewInt(100), WorkerReward: sdkmath.NewInt(1000),
		RewardFunction: jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_EVEN}, TimeLimitMs: 10_000, MaxWorkers: 2,
	}
	for _, change := range changes {
		change(&spec)
	}
	return spec
}

func (m *market) request(changes ...order) uint64 {
	m.t.Helper()
	var requested jobstypes.MsgRequestJobResponse
	m.answer(&requested, "client", &jobstypes.MsgRequestJob{Signer: address("client"), Spec: m.spec(changes...)})
	return requested.RequestId
}

// float is a message whose first field is a float.
func float(x float32) []byte {
	return binary.LittleEndian.AppendUint32([]byte{1<<3 | 5}, math.Float32bits(x))
}

func (m *market) accept(id uint64, evaluator string, workers ...string) {
	m.t.Helper()
	m.must(evaluator, acceptance(id, evaluator, program.ROLE_EVALUATOR))
	for _, worker := range workers {
		m.must(worker, acceptance(id, worker, program.ROLE_WORKER))
	}
}

func acceptance(id uint64, name string, role program.Role) sdk.Msg {
	return &jobstypes.MsgAcceptJob{Signer: address(name), RequestId: id, Role: role}
}

// right and wrong are answers to what is the root of 4.
const (
	right = 2
	wrong = 3
)

func salt(of string) []byte { return account(of).Key.PubKey().Bytes()[:32] }

// commitment is what a worker sends who knows an answer.
func commitment(id uint64, worker string, x float32) *jobstypes.MsgSubmitResult {
	digest, err := jobstypes.ResultDigest(jobstypes.Result{Inline: float(x)})
	if err != nil {
		panic(err)
	}
	commitment := jobstypes.Commitment(apptest.ChainID, id, account(worker).Address, digest, salt(worker))
	return &jobstypes.MsgSubmitResult{Signer: address(worker), RequestId: id, Commitment: commitment[:]}
}

func opening(id uint64, worker string, x float32) *jobstypes.MsgRevealResult {
	return &jobstypes.MsgRevealResult{
		Signer: address(worker), RequestId: id, Result: jobstypes.Result{Inline: float(x)}, Salt: salt(worker),
	}
}

// deliver has workers commit to an answer and then reveal it.
func (m *market) deliver(id uint64, answers map[string]float32) {
	m.t.Helper()
	for _, name := range people {
		if x, ok := answers[name]; ok {
			m.must(name, commitment(id, name, x))
		}
	}
	for _, name := range people {
		if x, ok := answers[name]; ok {
			m.must(name, opening(id, name, x))
		}
	}
}

// ranking is a list of workers, best first.
func ranking(workers ...string) []jobstypes.RankEntry {
	var entries []jobstypes.RankEntry
	for i, worker := range workers {
		entries = append(entries, jobstypes.RankEntry{Node: address(worker), Score: uint64(len(workers) - i)})
	}
	return entries
}

func (m *market) rank(id uint64, evaluator string, workers ...string) {
	m.t.Helper()
	m.must(evaluator, &jobstypes.MsgRank{Signer: address(evaluator), RequestId: id, Ranking: ranking(workers...)})
}

func (m *market) challenge(id uint64, by string) {
	m.t.Helper()
	m.must(by, &jobstypes.MsgChallenge{Signer: address(by), RequestId: id})
}

// resolve gives a verdict of its own; without workers: nobody is valid.
func (m *market) resolve(id uint64, by string, workers ...string) {
	m.t.Helper()
	m.must(by, &jobstypes.MsgResolveChallenge{Signer: address(by), RequestId: id, Ranking: ranking(workers...)})
}

func (m *market) confirm(id uint64, by string) {
	m.t.Helper()
	m.must(by, &jobstypes.MsgResolveChallenge{Signer: address(by), RequestId: id, Confirm: true})
}

// wait lets time pass, in blocks near enough for all of it to count.
func (m *market) wait(d time.Duration) {
	m.t.Helper()
	pace := m.BlockTime
	for d > 0 {
		m.BlockTime = min(d, 15*time.Second)
		m.Block()
		d -= m.BlockTime
	}
	m.BlockTime = pace
}

// settle waits until a request is over, whatever that takes.
func (m *market) settle(id uint64) jobstypes.Outcome {
	m.t.Helper()
	for range 40 {
		if r := m.get(id); r.IsFinished() {
			return r.Outcome
		}
		m.wait(5 * time.Second)
	}
	m.t.Fatalf("request %d does not end", id)
	return 0
}

func (m *market) get(id uint64) jobstypes.Request {
	m.t.Helper()
	r, err := m.find(id)
	require.NoError(m.t, err)
	return r
}

// find is get for a request that may have left the state.
func (m *market) find(id uint64) (jobstypes.Request, error) {
	found, err := jobskeeper.NewQueryServer(m.App.Jobs).Request(m.Context(), &jobstypes.QueryRequestRequest{RequestId: id})
	if err != nil {
		return jobstypes.Request{}, err
	}
	return found.Request, nil
}

func (m *market) balance(name string) int64 {
	return m.App.Bank.GetBalance(m.Context(), account(name).Address, chain.Denom).Amount.Int64()
}

func (m *market) stake(name string) int64 {
	m.t.Helper()
	staked, err := m.App.Escrow.Stake(m.Context(), account(name).Address)
	require.NoError(m.t, err)
	return staked.Int64()
}

// worths is what everybody has, in the wallet and in the stake.
func (m *market) worths() map[string]int64 {
	all := map[string]int64{}
	for _, name := range people {
		all[name] = m.balance(name) + m.stake(name)
	}
	return all
}

// gains is what everybody has more or less after something happened; who has as much as before is left out.
func (m *market) gains(happens func()) map[string]int64 {
	m.t.Helper()
	before := m.worths()
	happens()
	gains := map[string]int64{}
	for name, worth := range m.worths() {
		if worth != before[name] {
			gains[name] = worth - before[name]
		}
	}
	return gains
}

// together is what several have more or less.
func together(gains map[string]int64, names ...string) int64 {
	sum := int64(0)
	for _, name := range names {
		sum += gains[name]
	}
	return sum
}
