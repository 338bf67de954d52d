package keeper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// takes says whose room a transaction took: "job", who paid by name, or "none" if it was refused for want of room.
func (f *fixture) takes(tx fakeTx, names ...string) string {
	f.t.Helper()
	if err := f.chargeTx(tx); err != nil {
		require.ErrorIs(f.t, err, types.ErrNoRoom)
		return "none"
	}
	taken := ""
	if !f.jobRoom(jobID, "").State.Used.IsZero() {
		taken = "job"
	}
	for _, name := range names {
		if !f.room(f.account(name, 0)).State.Used.IsZero() {
			taken += name
		}
	}
	return taken
}

// member is a job with room, of which a node works, somebody left requests unfinished, and an operator signs for the node.
func (f *fixture) member() {
	f.t.Helper()
	root, node := f.staked("root", 100*ain), f.staked("node", ain)
	f.staked("client", ain)
	left := f.account("left", 0)
	f.jobs[jobID], f.jobs[8] = root, root
	f.nodes[node.String()] = true
	f.owners[f.account("operator", 0).String()] = node
	f.places[0], f.places[5], f.places[6] = left, left, left // 0 is no request: never asked for
	require.NoError(f.t, f.allocate(root, jobID, 40*ain))
	require.NoError(f.t, f.allocate(root, 8, 40*ain))
}

// A transaction takes the job's room if all it does is about one job and its only signer belongs there; else its payer's.
func TestWhoseRoomATransactionTakes(t *testing.T) {
	on := func(requests ...uint64) (msgs []sdk.Msg) {
		for _, request := range requests {
			msgs = append(msgs, &onJob{request: request})
		}
		return msgs
	}
	allocates := func(job uint64) sdk.Msg { return &types.MsgAllocateToJob{JobId: job} }
	for _, c := range []struct {
		name    string
		signer  string
		besides string
		granter string
		msgs    []sdk.Msg
		taken   string
	}{
		{"a node on its job", "node", "", "", on(0), "job"},
		{"a node on requests in which it has no place", "node", "", "", on(1, 2), "job"},
		{"a node that applies again", "node", "", "", []sdk.Msg{&application{}}, "job"},
		{"a node that decides on applications", "node", "", "", []sdk.Msg{&decision{job: jobID}}, "job"},
		{"a node that allocates", "node", "", "", []sdk.Msg{allocates(jobID)}, "job"},
		{"a node's operator", "operator", "", "", on(0), "job"},
		{"a node that somebody else would pay for", "node", "", "client", on(0), "job"},
		{"a node's operator that somebody else would pay for", "operator", "", "client", on(0), "job"},
		{"a node on something else, too", "node", "", "", append(on(0), anything()), "node"},
		{"a node on something else first", "node", "", "", append([]sdk.Msg{anything()}, on(0)...), "node"},
		{"a node on another job, too", "node", "", "", append(on(0), allocates(8)), "node"},
		{"a node on another job first", "node", "", "", append([]sdk.Msg{allocates(8)}, on(0)...), "node"},
		{"a node of one job on another", "node", "", "", []sdk.Msg{allocates(8)}, "node"},
		{"a node with somebody else", "node", "client", "", on(0), "node"},
		{"who pays for two signers", "node", "client", "client", on(0), "client"},
		{"a client of the job", "client", "", "", on(0), "client"},
		{"a client that a node pays for", "client", "", "node", on(0), "node"},
		{"a client without room that another pays for", "left", "", "client", on(0), "client"},
		{"an operator's own business", "operator", "", "", []sdk.Msg{anything()}, "node"},
		{"who left, on a request that it finishes", "left", "", "", on(5), "job"},
		{"who left, on all that it finishes", "left", "", "", on(5, 5, 6, 5), "job"},
		{"who left, on a request of others", "left", "", "", on(7), "none"},
		{"who left, on a request of others, too", "left", "", "", on(5, 7), "none"},
		{"who left, on a request of others behind one that it names twice", "left", "", "", on(5, 5, 7), "none"},
		{"who left, on a request of others first", "left", "", "", on(7, 5), "none"},
		{"who left, on the job, too", "left", "", "", on(5, 0), "none"},
		{"who left, on the job first", "left", "", "", on(0, 5), "none"},
		{"who left, on the job", "left", "", "", on(0), "none"},
		{"who finishes and applies again", "left", "", "", append(on(5), &application{}), "none"},
		{"an applicant", "new", "", "", []sdk.Msg{&application{}}, "job"},
		{"an applicant that applies twice", "new", "", "", []sdk.Msg{&application{}, &application{}}, "job"},
		{"an applicant that uses the job, too", "new", "", "", append(on(0), &application{}), "none"},
		{"an applicant that uses the job behind it", "new", "", "", []sdk.Msg{&application{}, &onJob{}}, "none"},
		{"who decides on applications and is no node", "new", "", "", []sdk.Msg{&decision{job: jobID}}, "none"},
		{"a stranger", "new", "", "", on(1), "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.member()
			tx := fakeTx{from: f.account(c.signer, 0), msgs: c.msgs, gas: cost}
			if c.besides != "" {
				tx.besides = []sdk.AccAddress{f.account(c.besides, 0)}
			}
			if c.granter != "" {
				tx.granter = f.account(c.granter, 0)
			}
			require.Equal(t, c.taken, f.takes(tx, "node", "client", "left", "new"))
		})
	}
}

// What the job has no room for takes the payer's own, whole.
func TestWhatDoesNotFitIntoTheJobsRoomTakesThePayers(t *testing.T) {
	f := newFixture(t)
	f.member()
	node := f.account("node", 0)
	for range 40 {
		require.NoError(t, f.charge(node, &onJob{}))
	}
	require.True(t, f.room(node).State.Used.IsZero())
	before := f.jobRoom(jobID, node.String())
	require.Equal(t, 10, f.spend(node, &onJob{}))
	require.Equal(t, before, f.jobRoom(jobID, node.String()))
	require.Equal(t, uint64(10*cost), f.room(node).State.Used.Gas)
}

// A simulation tells what a transaction would cost, also to who has no room for it.
func TestSimulationIsNeverRefused(t *testing.T) {
	f := newFixture(t)
	f.member()
	for _, c := range []struct {
		who string
		msg sdk.Msg
	}{{"nobody", anything()}, {"new", &application{}}, {"client", &onJob{}}} {
		tx := fakeTx{from: f.account(c.who, 0), msgs: []sdk.Msg{c.msg}, gas: 1 << 40}
		require.ErrorIs(t, f.chargeTx(tx), types.ErrNoRoom, c.who)
		cached, _ := f.ctx.CacheContext()
		require.NoError(t, f.keeper.Charge(cached, tx, true), c.who)
	}
}

// A refusal names when a transaction would pass, and it does, exactly then.
func TestRefusalNamesTheTime(t *testing.T) {
	for _, c := range []struct {
		name  string
		who   string
		msg   sdk.Msg
		gas   uint64
		until time.Duration
		wait  string
	}{
		{"of the own room", "client", anything(), cost, 24 * time.Hour / 10, "02:24:00"},
		{"of the job's room, by what its nodes use", "busy", &onJob{}, 38 * cost, 24 * time.Hour * 13 / 400, "00:46:48"},
		{"of a share of the job's room", "node", &onJob{}, 40 * cost, 24 * time.Hour * 20 / 40, "12:00:00"},
		{"of an applicant's share", "new", &application{}, 8 * cost, 24 * time.Hour * 5 / 8, "15:00:00"},
		{"of what all applicants have", "late", &application{}, 3 * cost, 24 * time.Hour * 3 / 80, "00:54:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.member()
			use := func(name string, gas uint64, msg sdk.Msg) {
				require.NoError(t, f.chargeTx(fakeTx{from: f.account(name, 0), gas: gas, msgs: []sdk.Msg{msg}}))
			}
			use("client", 10*cost, anything())
			use("new", 5*cost, &application{})
			for _, name := range []string{"b", "c", "d", "e", "f", "g", "h", "i", "j"} {
				use(name, 8*cost, &application{})
			}
			use("k", 3*cost, &application{})
			use("node", 20*cost, &onJob{})
			for _, name := range []string{"l", "m", "n", "o", "p", "q"} {
				f.nodes[f.account(name, 0).String()] = true
				use(name, 40*cost, &onJob{})
			}
			f.nodes[f.account("r", 0).String()], f.nodes[f.account("busy", 0).String()] = true, true
			use("r", 40*cost-5*cost, &onJob{})
			tx := fakeTx{from: f.account(c.who, 0), gas: c.gas, msgs: []sdk.Msg{c.msg}}
			err := f.chargeTx(tx)
			require.ErrorIs(t, err, types.ErrNoRoom)
			at := f.ctx.BlockTime().Add(c.until)
			require.ErrorContains(t, err, "would pass in "+c.wait+", at "+at.UTC().Format(time.RFC3339Nano)+";")
			f.wait(c.until - time.Millisecond)
			require.ErrorContains(t, f.chargeTx(tx), "would pass in 00:00:01, at")
			f.wait(time.Millisecond)
			require.NoError(t, f.chargeTx(tx))
		})
	}
}

// Whoever raises a stake and has nothing in it begins with the stake that it makes.
func TestRaiseCountsForItself(t *testing.T) {
	for _, c := range []struct {
		name   string
		stake  int64
		wallet int64
		raise  int64
		gas    uint64
		says   string // empty: has room
	}{
		{"of all in the wallet", 0, ain, ain, 10 * cost, ""},
		{"of more than is in the wallet", 0, ain, ain + 1, cost, "the room of ? is 0 bytes and 0 gas"},
		{"beyond the room of what is made", 0, ain, ain, 10*cost + 1, "is 1073741824 bytes and 10000 gas, of which 0 and 0 are in use"},
		{"by what is in the wallet besides the stake", ain, 2 * ain, 3 * ain, 30 * cost, ""},
		{"by more than is in the wallet besides the stake", ain, 2 * ain, 3*ain + 1, 30 * cost, "and 10000 gas"},
		{"by the last coin", ain, 1, ain + 1, 10 * cost, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			alice := f.staked("alice", c.stake)
			f.account("alice", c.wallet)
			raise := func(amount int64) error {
				return f.chargeTx(fakeTx{from: alice, gas: c.gas, msgs: []sdk.Msg{setStake(alice, math.NewInt(amount))}})
			}
			err := raise(c.raise)
			if c.says == "" {
				require.NoError(t, err)
				require.Equal(t, c.gas, f.room(alice).State.Used.Gas)
				return
			}
			require.ErrorIs(t, err, types.ErrNoRoom)
			require.ErrorContains(t, err, strings.ReplaceAll(c.says, "?", alice.String()))
		})
	}
}

// A raise among other messages may fail with them: it does not count.
func TestRaiseAmongOthersDoesNotCount(t *testing.T) {
	f := newFixture(t)
	alice := f.account("alice", ain)
	require.ErrorIs(t, f.charge(alice, setStake(alice, math.NewInt(ain)), anything()), types.ErrNoRoom)
	require.ErrorIs(t, f.charge(alice, anything(), setStake(alice, math.NewInt(ain))), types.ErrNoRoom)
}
