package console_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
)

func TestAllocate(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.Equal(t, "2.5 AIN of the stake give room to job 0x1.\n", w.mustRun("allocate", "0x1", "2.5"))
	msg := w.chain.sent[1].(*bandwidthtypes.MsgAllocateToJob)
	require.EqualValues(t, 1, msg.JobId)
	require.Equal(t, math.NewInt(2_500_000), msg.Amount)
	w.mustRun("allocate", "0x1", "0")
	require.True(t, w.chain.allocated.IsZero())

	w.chain.sent = nil
	for says, args := range map[string][]string{
		"amount":        {"0x1", "much"},
		"not money":     {"0x1", "-1"},
		"job: ":         {"roots", "1"},
		"no job 0x9 on": {"0x9", "1"},
	} {
		_, err := w.run(append([]string{"allocate", "--"}, args...)...)
		requireBadInput(t, w, err, says)
	}
}

func TestRoom(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.mustRun("allocate", "0x1", "2")
	key, err := w.keys.Key("alice")
	require.NoError(t, err)
	alice := key.Address().String()
	own := w.mustRun("room")
	require.Contains(t, own, "Room of "+alice+": 1000 of 2000 bytes and 2000000 of 4000000 gas are in use; all of it is free at 2023-11-14 22:13:20.000.")
	require.Contains(t, own, "Stake 5 AIN, of which 2 AIN count for jobs and 1.5 AIN cannot be withdrawn yet.")
	require.Contains(t, w.mustRun("room", w.chain.worker), "Room of "+w.chain.worker)

	require.NotContains(t, w.mustRun("room", "--job", "0x1"), "Share", "who is no node has none")
	shared := w.mustRun("room", w.chain.worker, "--job", "0x1")
	require.Contains(t, shared, "Its root "+alice+" allocated 2 AIN.")
	require.Contains(t, shared, "Share of "+w.chain.worker+": 0 of 7 bytes and 0 of 8 gas are in use; all of it is free.")

	var job struct {
		Allocated string `json:"allocated_uain"`
		UsedGas   string `json:"used_gas"`
		Share     *struct {
			Bytes string `json:"bytes"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("room", w.chain.worker, "--job", "0x1", "--output", "json")), &job))
	require.Equal(t, "2000000", job.Allocated)
	require.Equal(t, "2000000", job.UsedGas)
	require.Equal(t, "7", job.Share.Bytes)

	w.chain.sent = nil
	_, err = w.run("room", "nobody-knows")
	requireBadInput(t, w, err, "neither an address", "nobody-knows")
	_, err = w.run("room", "--job", "0x9")
	requireBadInput(t, w, err, "there is no job 0x9")
}
