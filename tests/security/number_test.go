package security_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// A window of n milliseconds is over after n milliseconds: not after n-1, and not after n seconds.
func TestMillisecondsAreNotTakenForSeconds(t *testing.T) {
	m := newMarket(t)
	m.BlockTime = 0 // time passes where it is waited for
	id := m.request(func(s *jobstypes.RequestSpec) { s.MinWorkers = 1 })
	for _, window := range []struct {
		ms    uint64
		from  jobstypes.RequestState
		to    jobstypes.RequestState
		begin func()
	}{
		{10_000, jobstypes.REQUEST_STATE_RUNNING, jobstypes.REQUEST_STATE_REVEALING, func() {
			m.accept(id, "e1", "w1", "w2")
			m.must("w1", commitment(id, "w1", right))
		}},
		{5_000, jobstypes.REQUEST_STATE_REVEALING, jobstypes.REQUEST_STATE_SETTLED, func() {}},
	} {
		window.begin()
		m.lasts(id, window.ms, window.from, window.to)
	}

	id = m.request(workers(1))
	m.lasts(id, 20_000, jobstypes.REQUEST_STATE_OPEN, jobstypes.REQUEST_STATE_CANCELLED)

	id = m.request()
	m.accept(id, "e1", "w1")
	m.lasts(id, 4_000, jobstypes.REQUEST_STATE_RUNNING, jobstypes.REQUEST_STATE_RUNNING)
	require.NotZero(t, m.get(id).ClosedMs, "hiring is over")

	judging := func() uint64 {
		id := m.request(winnerTakesAll)
		m.accept(id, "e1", "w1", "w2")
		m.deliver(id, map[string]float32{"w1": right, "w2": wrong})
		return id
	}
	m.lasts(judging(), 10_000, jobstypes.REQUEST_STATE_EVALUATING, jobstypes.REQUEST_STATE_REOPENED)
	id = judging()
	m.rank(id, "e1", "w1")
	m.lasts(id, 15_000, jobstypes.REQUEST_STATE_RANKED, jobstypes.REQUEST_STATE_SETTLED)
	id = judging()
	m.rank(id, "e1", "w1")
	m.challenge(id, "w2")
	m.lasts(id, 15_000, jobstypes.REQUEST_STATE_CHALLENGED, jobstypes.REQUEST_STATE_CHALLENGED)
	require.Equal(t, address("root"), m.resolver(id), "admin was silent")
}

// lasts holds that a request's deadline is so many milliseconds away, and that nothing ends before it.
func (m *market) lasts(id uint64, ms uint64, from, to jobstypes.RequestState) {
	m.t.Helper()
	r := m.get(id)
	require.Equal(m.t, from, r.State)
	m.wait(time.Duration(ms-1) * time.Millisecond)
	require.Equal(m.t, r, m.get(id), "one millisecond before the end of %s", from)
	m.wait(time.Millisecond)
	require.NotEqual(m.t, r, m.get(id))
	require.Equal(m.t, to, m.get(id).State)
}

// On the wire there is one unit of time, and fields say so.
func TestEveryDurationIsNamedInMilliseconds(t *testing.T) {
	files, err := proto.MergedRegistry()
	require.NoError(t, err)
	durations := 0
	for _, name := range []string{"escrow", "jobs", "permissions", "program", "reputation"} {
		files.RangeFilesByPackage(protoreflect.FullName("ain."+name+".v1"), func(file protoreflect.FileDescriptor) bool {
			for i := range file.Messages().Len() {
				fields := file.Messages().Get(i).Fields()
				for j := range fields.Len() {
					field := fields.Get(j)
					if message := field.Message(); message != nil {
						require.NotContains(t, []protoreflect.FullName{"google.protobuf.Duration", "google.protobuf.Timestamp"}, message.FullName(), "%s", field.FullName())
					}
					for _, unit := range []string{"_s", "_sec", "_seconds", "_us", "_ns", "_minutes"} {
						require.False(t, strings.HasSuffix(string(field.Name()), unit), "%s", field.FullName())
					}
					if strings.HasSuffix(string(field.Name()), "_ms") {
						durations++
					}
				}
			}
			return true
		})
	}
	require.Greater(t, durations, 30)
}

// An id that was given once is not given again, whatever became of what it named; nor is a transaction taken twice.
func TestIDsAndNoncesDoNotRepeat(t *testing.T) {
	m := newMarket(t)
	var ids []uint64
	for range 2 {
		id := m.request()
		m.must("client", &jobstypes.MsgCancelRequest{Signer: address("client"), RequestId: id})
		ids = append(ids, id)
	}
	m.wait(time.Hour + time.Minute)
	_, err := m.find(ids[1])
	require.Error(t, err, "it has left the state")
	ids = append(ids, m.request())

	application := m.apply(program.ROLE_WORKER, "admin", "mallory")
	m.must("mallory", &reputationtypes.MsgWithdrawApplication{Signer: address("mallory"), ApplicationId: application})
	require.Equal(t, application+1, m.apply(program.ROLE_WORKER, "admin", "mallory"))

	tx := m.Sign(apptest.Tx{From: account("mallory"), Msgs: []sdk.Msg{&reputationtypes.MsgWithdrawApplication{Signer: address("mallory"), ApplicationId: application + 1}}})
	require.Zero(t, m.Block(tx).TxResults[0].Code)
	require.Equal(t, application+2, m.apply(program.ROLE_WORKER, "admin", "mallory"))
	require.NotZero(t, m.Block(tx).TxResults[0].Code, "the same bytes again")

	renewed := &market{Chain: apptest.FromGenesis(t, m.Export()), t: t, job: m.job}
	renewed.Block()
	ids = append(ids, renewed.request())
	require.Equal(t, []uint64{1, 2, 3, 4}, ids)
}
