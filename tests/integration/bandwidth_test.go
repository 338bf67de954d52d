package integration_test

import (
	"strings"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	"github.com/cosmos/cosmos-sdk/x/feegrant"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/program"
	bandwidthkeeper "github.com/ain-network/aind/x/bandwidth/keeper"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// narrow are params under which gas decides: an AIN in stake has room for two transactions of DefaultGas a day.
func narrow() bandwidthtypes.Params {
	params := bandwidthtypes.DefaultParams()
	params.PerAin = bandwidthtypes.Room{Bytes: 1 << 30, Gas: 2 * apptest.DefaultGas}
	return params
}

// held is a chain that holds everybody to narrow; alice and bob have a million AIN in their wallets.
func held(t *testing.T) *apptest.Chain {
	return apptest.New(t, apptest.Config{
		Accounts: map[string]int64{"alice": 1_000_000 * ain, "bob": 1_000_000 * ain},
		Genesis: func(g *app.GenesisBuilder) {
			app.EditGenesis(g, bandwidthtypes.ModuleName, func(state *bandwidthtypes.GenesisState) { state.Params = narrow() })
		},
	})
}

func room(t *testing.T, c *apptest.Chain, of apptest.Account) *bandwidthtypes.QueryRoomResponse {
	t.Helper()
	answer, err := bandwidthkeeper.NewQueryServer(c.App.Bandwidth).Room(c.Context(), &bandwidthtypes.QueryRoomRequest{Account: of.String()})
	require.NoError(t, err)
	return answer
}

func jobRoom(t *testing.T, c *apptest.Chain, job uint64, of apptest.Account) *bandwidthtypes.QueryJobRoomResponse {
	t.Helper()
	answer, err := bandwidthkeeper.NewQueryServer(c.App.Bandwidth).JobRoom(c.Context(),
		&bandwidthtypes.QueryJobRoomRequest{JobId: job, Account: of.String()})
	require.NoError(t, err)
	return answer
}

func signed(c *apptest.Chain, from apptest.Account, msgs ...sdk.Msg) []byte {
	return c.Sign(apptest.Tx{From: from, Msgs: msgs})
}

func requireNoRoom(t *testing.T, code *abci.ResponseCheckTx, says string) {
	t.Helper()
	requireCode(t, bandwidthtypes.ErrNoRoom, code.Codespace, code.Code, code.Log)
	require.Contains(t, code.Log, says)
}

func TestFloodStopsWhereItsRoomEnds(t *testing.T) {
	for name, ordered := range map[string]bool{"of unordered transactions": false, "of transactions with a sequence": true} {
		t.Run(name, func(t *testing.T) {
			c := held(t)
			c.Must(alice, setStake(alice, 10*ain))
			before := balance(c, bob)
			for range 19 {
				tx := c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Ordered: ordered})
				require.Zero(t, c.Check(tx).Code)
				require.Zero(t, c.Block(tx).TxResults[0].Code)
			}
			tx := c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Ordered: ordered})
			requireNoRoom(t, c.Check(tx), "would pass in 01:11:4")

			record := room(t, c, alice)
			result := c.Block(tx).TxResults[0]
			requireCode(t, bandwidthtypes.ErrNoRoom, result.Codespace, result.Code, result.Log)
			require.Equal(t, record.State.FreeMs, room(t, c, alice).State.FreeMs, "what is refused uses nothing")
			require.Equal(t, before+19, balance(c, bob))
			c.Must(bob, setStake(bob, ain))
			c.Must(bob, send(bob, alice, 1))
		})
	}
}

func TestRefusedTransactionPassesAtTheTimeItWasTold(t *testing.T) {
	c := held(t)
	c.Must(alice, setStake(alice, 1*ain))
	c.Must(alice, send(alice, bob, 1))

	refused := c.Check(signed(c, alice, send(alice, bob, 1)))
	requireNoRoom(t, refused, "would pass in 12:00:00, at ")
	_, told, _ := strings.Cut(refused.Log, ", at ")
	told, _, _ = strings.Cut(told, ";")
	passes, err := time.Parse(time.RFC3339Nano, told)
	require.NoError(t, err)

	c.BlockTime = passes.Add(-time.Millisecond).Sub(c.Time)
	c.Block()
	requireNoRoom(t, c.Check(signed(c, alice, send(alice, bob, 1))), "would pass in 00:00:01")
	c.BlockTime = time.Millisecond
	c.Block()
	tx := signed(c, alice, send(alice, bob, 1))
	require.Zero(t, c.Check(tx).Code, "at the very time")
	require.Zero(t, c.Block(tx).TxResults[0].Code)
}

func TestRecheckCountsOnce(t *testing.T) {
	c := held(t)
	c.Must(alice, setStake(alice, 2*ain))
	var pending [][]byte
	for range 3 {
		pending = append(pending, signed(c, alice, send(alice, bob, 1)))
		require.Zero(t, c.Check(pending[len(pending)-1]).Code)
	}
	requireNoRoom(t, c.Check(signed(c, alice, send(alice, bob, 1))), "would pass in")

	c.Block(pending[0])
	for _, tx := range pending[1:] {
		require.Zero(t, c.Recheck(tx).Code, "it was counted when it came, and fits still")
	}
	requireNoRoom(t, c.Check(signed(c, alice, send(alice, bob, 1))), "would pass in")
	for _, result := range c.Block(pending[1:]...).TxResults {
		require.Zero(t, result.Code, result.Log)
	}
}

func TestFailedMessageStillCostsRoom(t *testing.T) {
	c := held(t)
	c.Must(alice, setStake(alice, 1*ain))
	require.NotZero(t, c.Do(alice, send(alice, bob, 2_000_000*ain)).Code, "more than the wallet has")
	requireNoRoom(t, c.Check(signed(c, alice, send(alice, bob, 1))), "would pass in")
}

func TestSimulationIsNotRefusedForWantOfRoom(t *testing.T) {
	c := held(t)
	info, _, err := c.App.Simulate(signed(c, alice, send(alice, bob, 1)))
	require.NoError(t, err)
	require.NotZero(t, info.GasUsed)
	require.Zero(t, room(t, c, alice).State.Used.Gas)
}

func TestWalletWithNothingInStakeBeginsByStaking(t *testing.T) {
	c := held(t)
	requireNoRoom(t, c.Check(signed(c, alice, send(alice, bob, 1))), "waiting does not help: a stake of 500000 uain has room for it")
	requireNoRoom(t, c.Check(signed(c, alice, setStake(alice, 2_000_000*ain))), "waiting does not help")
	requireNoRoom(t, c.Check(signed(c, alice, setStake(alice, ain/2-1))), "a stake of 500000 uain")
	requireNoRoom(t, c.Check(signed(c, alice, setStake(alice, ain), send(alice, bob, 1))), "waiting does not help")
	c.Must(alice, setStake(alice, ain))
	c.Must(alice, send(alice, bob, 1))
}

func TestCoinsWhoseRoomIsInUseStay(t *testing.T) {
	c := held(t)
	c.Must(alice, setStake(alice, 10*ain))
	c.Must(alice, send(alice, bob, 1))
	require.InDelta(t, ain, room(t, c, alice).Bound.Int64(), ain/1000, "two transactions, of half an AIN each")

	requireBound := func(from apptest.Account, msg sdk.Msg) {
		t.Helper()
		refused := c.Check(signed(c, from, msg))
		requireCode(t, bandwidthtypes.ErrBound, refused.Codespace, refused.Code, refused.Log)
		require.Contains(t, refused.Log, "ask for ")
	}
	requireBound(alice, setStake(alice, 0))

	grant, err := authz.NewMsgGrant(alice.Address, bob.Address, authz.NewGenericAuthorization(sdk.MsgTypeURL(&escrowtypes.MsgSetStake{})), nil)
	require.NoError(t, err)
	c.Must(alice, grant)
	c.Must(bob, setStake(bob, 10*ain))
	exec := authz.NewMsgExec(bob.Address, []sdk.Msg{setStake(alice, 0)})
	requireBound(bob, &exec)

	c.Must(alice, setStake(alice, 5*ain))
	c.BlockTime = 24 * time.Hour
	c.Block()
	c.BlockTime = time.Second
	requireBound(alice, setStake(alice, 0))
	last := c.Block(c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{setStake(alice, 0)}, Gas: 300_000})).TxResults[0]
	require.Zero(t, last.Code, last.Log)
	require.Zero(t, stakeOf(t, c, alice), "the last coin")
}

// Whoever pays is charged: the signer of what is inside authz, and a fee granter if it is named.
func TestWhoPays(t *testing.T) {
	c := held(t)
	c.Must(alice, setStake(alice, 10*ain))
	c.Must(bob, setStake(bob, 10*ain))
	expires := c.Time.Add(time.Hour)
	grant, err := authz.NewMsgGrant(alice.Address, bob.Address, authz.NewGenericAuthorization(sdk.MsgTypeURL(send(alice, bob, 1))), &expires)
	require.NoError(t, err)
	c.Must(alice, grant)

	used := func(of apptest.Account) uint64 { return room(t, c, of).State.Used.Gas / (apptest.DefaultGas - 100_000) }
	require.Equal(t, []uint64{2, 1}, []uint64{used(alice), used(bob)})
	exec := authz.NewMsgExec(bob.Address, []sdk.Msg{send(alice, bob, 1)})
	c.Must(bob, &exec)
	require.Equal(t, []uint64{2, 2}, []uint64{used(alice), used(bob)}, "bob signed, alice granted")

	allowance, err := feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{Expiration: &expires}, alice.Address, stranger.Address)
	require.NoError(t, err)
	c.Must(alice, allowance)
	hello := []sdk.Msg{&reputationtypes.MsgSetEncryptionKey{Signer: stranger.String()}}
	requireNoRoom(t, c.Check(c.Sign(apptest.Tx{From: stranger, Msgs: hello})), "waiting does not help")
	passed := c.Block(c.Sign(apptest.Tx{From: stranger, Msgs: hello, FeeGranter: alice.Address})).TxResults[0]
	require.Zero(t, passed.Code, passed.Log)
	require.Equal(t, []uint64{4, 2}, []uint64{used(alice), used(bob)}, "alice pays for the stranger, since it allowed that")
	refused := c.Check(c.Sign(apptest.Tx{From: stranger, Msgs: hello, FeeGranter: bob.Address}))
	require.NotZero(t, refused.Code, "bob granted nothing")
}

// heldMarket is a market whose job has room for a hundred transactions, on which nobody else has any: ten a node, and
// twenty for applicants together, two each. Its workers pledge nothing.
func heldMarket(t *testing.T) *market {
	m := newMarketUnder(t, jobstypes.TermsSpec{
		MinDeposit: math.NewInt(10), ChallengeFee: math.NewInt(5), Bond: &jobstypes.Bond{Amount: math.ZeroInt()},
	})
	m.Must(root, setStake(root, 60*ain))
	m.Must(root, &bandwidthtypes.MsgAllocateToJob{Signer: root.String(), JobId: m.job, Amount: setStake(root, 50*ain).Amount})
	for _, node := range []apptest.Account{worker1, worker2} {
		m.Must(node, setStake(node, 0))
	}
	m.Tamper(func(ctx sdk.Context) error {
		_, err := bandwidthkeeper.NewMsgServer(m.App.Bandwidth).UpdateParams(ctx,
			&bandwidthtypes.MsgUpdateParams{Authority: app.Authority(), Params: narrow()})
		return err
	})
	m.BlockTime = 24 * time.Hour
	m.Block()
	m.BlockTime = 100 * time.Millisecond
	return m
}

// open gives an account to somebody who never had a coin.
func (m *market) open(account apptest.Account) {
	m.t.Helper()
	allowance, err := feegrant.NewMsgGrantAllowance(&feegrant.BasicAllowance{}, root.Address, account.Address)
	require.NoError(m.t, err)
	m.Must(root, allowance)
}

func (m *market) application(of apptest.Account) *reputationtypes.MsgApplyJob {
	nonce := make([]byte, 16)
	return &reputationtypes.MsgApplyJob{
		Signer: of.String(), JobId: m.job, Roles: []program.Role{program.ROLE_WORKER}, Nonce: nonce,
		Capability: program.Capability{CPUMillis: 1000, MemoryBytes: 1 << 30, Arch: "amd64", OS: "linux"},
		Qualifications: []reputationtypes.Qualification{{
			Role: program.ROLE_WORKER, Digest: reputationtypes.QualificationDigest(
				apptest.ChainID, m.job, of.Address, program.ROLE_WORKER, nonce, []byte("answer")),
		}},
	}
}

func (m *market) restate(of apptest.Account) *reputationtypes.MsgUpdateCapability {
	return &reputationtypes.MsgUpdateCapability{Signer: of.String(), JobId: m.job, Capability: m.application(of).Capability}
}

// passing counts how many transactions of an account the mempool takes.
func (m *market) passing(from apptest.Account, msg func() sdk.Msg) (n int, last *abci.ResponseCheckTx) {
	m.t.Helper()
	for ; n < 1000; n++ {
		if last = m.Check(signed(m.Chain, from, msg())); last.Code != 0 {
			return n, last
		}
	}
	m.t.Fatal("nothing stops it")
	return 0, nil
}

func TestNewcomerWithAnEmptyWalletWorksAndEarns(t *testing.T) {
	m := heldMarket(t)
	newcomer := apptest.NewAccount("newcomer")
	m.Must(client, setStake(client, 10*ain))
	m.open(newcomer)
	requireNoRoom(t, m.Check(signed(m.Chain, newcomer, &reputationtypes.MsgHeartbeat{Signer: newcomer.String()})), "waiting does not help")

	var applied reputationtypes.MsgApplyJobResponse
	m.must(&applied, newcomer, m.application(newcomer))
	m.Must(root, &reputationtypes.MsgApproveNode{Signer: root.String(), ApplicationId: applied.ApplicationId})
	id := m.request()
	m.accept(evaluator, id, program.ROLE_EVALUATOR)
	m.accept(newcomer, id, program.ROLE_WORKER)
	m.accept(worker1, id, program.ROLE_WORKER)
	m.commit(newcomer, id, 2)
	m.commit(worker1, id, 3)
	m.reveal(newcomer, id, 2)
	m.reveal(worker1, id, 3)
	m.Must(evaluator, &jobstypes.MsgRank{Signer: evaluator.String(), RequestId: id, Ranking: []jobstypes.RankEntry{{Node: newcomer.String()}}})
	for range 3000 {
		if balance(m.Chain, newcomer) > 0 {
			break
		}
		m.Block()
	}
	require.Positive(t, balance(m.Chain, newcomer))
	require.Zero(t, room(t, m.Chain, newcomer).State.Full.Gas, "it has no room of its own to this day")
	require.Positive(t, jobRoom(t, m.Chain, m.job, newcomer).Share.Used.Gas)
}

func TestFloodThroughAJobsRoomStopsAtTheShareOfOneAccount(t *testing.T) {
	m := heldMarket(t)
	n, refused := m.passing(worker1, func() sdk.Msg { return m.restate(worker1) })
	require.Equal(t, 10, n, "a tenth of the job's room")
	requireNoRoom(t, refused, "would pass in 02:2")
	n, _ = m.passing(worker2, func() sdk.Msg { return m.restate(worker2) })
	require.Equal(t, 10, n, "the other node has all of its share")
}

func TestFloodOfApplicantsLeavesTheNodesTheirRoom(t *testing.T) {
	m := heldMarket(t)
	m.Must(root, setStake(root, 100*ain))
	total := 0
	for i := range 15 {
		applicant := apptest.NewAccount("applicant-" + string(rune('a'+i)))
		m.open(applicant)
		n, refused := m.passing(applicant, func() sdk.Msg { return m.application(applicant) })
		requireNoRoom(t, refused, "would pass in")
		require.LessOrEqual(t, n, 2, "one applicant's share")
		for range n {
			m.Block(signed(m.Chain, applicant, m.application(applicant)))
		}
		total += n
	}
	require.Equal(t, 20, total, "a fifth of the job's room for all applicants")
	n, _ := m.passing(worker1, func() sdk.Msg { return m.restate(worker1) })
	require.Equal(t, 10, n)
}

func TestJobsRoomIsForItsNodesAndTheirMessagesOnIt(t *testing.T) {
	m := heldMarket(t)
	m.Must(client, setStake(client, 10*ain))
	id := m.request()
	for _, refusal := range []struct {
		name string
		from apptest.Account
		msgs []sdk.Msg
	}{
		{"a message that names no job", worker1, []sdk.Msg{&reputationtypes.MsgHeartbeat{Signer: worker1.String()}}},
		{"messages of which one names no job", worker1, []sdk.Msg{m.restate(worker1), &reputationtypes.MsgHeartbeat{Signer: worker1.String()}}},
		{"a message of a stranger on the job", alice, []sdk.Msg{&jobstypes.MsgAcceptJob{Signer: alice.String(), RequestId: id, Role: program.ROLE_WORKER}}},
		{"a client that is no node", bob, []sdk.Msg{&jobstypes.MsgCancelRequest{Signer: bob.String(), RequestId: id}}},
		{"a message inside authz", worker1, func() []sdk.Msg {
			exec := authz.NewMsgExec(worker1.Address, []sdk.Msg{m.restate(worker1)})
			return []sdk.Msg{&exec}
		}()},
		{"a request that is not there", worker1, []sdk.Msg{&jobstypes.MsgResign{Signer: worker1.String(), RequestId: id + 1}}},
	} {
		t.Run(refusal.name, func(t *testing.T) {
			requireNoRoom(t, m.Check(signed(m.Chain, refusal.from, refusal.msgs...)), "waiting does not help")
		})
	}
	require.Zero(t, m.Check(signed(m.Chain, worker1, m.restate(worker1), m.restate(worker1))).Code, "two messages on the job")
}

// A node that was dropped finishes what it accepted on the job's room, and does nothing else there.
func TestDroppedNodeFinishesOnTheJobsRoom(t *testing.T) {
	m := heldMarket(t)
	m.Must(client, setStake(client, 10*ain))
	id := m.request()
	m.accept(evaluator, id, program.ROLE_EVALUATOR)
	m.accept(worker1, id, program.ROLE_WORKER)
	m.accept(worker2, id, program.ROLE_WORKER)
	m.Must(root, &reputationtypes.MsgDropNode{Signer: root.String(), JobId: m.job, Node: worker1.String(), Reason: "slow"})
	m.commit(worker1, id, 2)
	requireNoRoom(t, m.Check(signed(m.Chain, worker1, m.restate(worker1))), "waiting does not help")
}

func TestOperatorUsesItsOwnersRoom(t *testing.T) {
	m := heldMarket(t)
	operator := apptest.NewAccount("operator")
	m.open(operator)
	consent, err := operator.Key.Sign(reputationtypes.OperatorConsent(apptest.ChainID, evaluator.Address, operator.Address))
	require.NoError(t, err)
	m.Must(evaluator, &reputationtypes.MsgSetOperator{
		Owner: evaluator.String(), Operator: operator.String(), OperatorPublicKey: operator.Key.PubKey().Bytes(), OperatorSignature: consent,
	})
	before := room(t, m.Chain, evaluator).State.Used.Gas
	m.Must(operator, &reputationtypes.MsgHeartbeat{Signer: operator.String()})
	require.Greater(t, room(t, m.Chain, evaluator).State.Used.Gas, before)
	require.Equal(t, evaluator.String(), room(t, m.Chain, operator).Owner)
}
