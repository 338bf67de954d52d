package security_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	bandwidthkeeper "github.com/ain-network/aind/x/bandwidth/keeper"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// hold gives room for stake alone: ten transactions a day for what everybody has staked here.
func (m *market) hold() {
	m.t.Helper()
	params := bandwidthtypes.DefaultParams()
	params.PerAin = bandwidthtypes.Room{Bytes: 1 << 30, Gas: 20 * apptest.DefaultGas}
	m.Tamper(func(ctx sdk.Context) error {
		_, err := bandwidthkeeper.NewMsgServer(m.App.Bandwidth).UpdateParams(ctx,
			&bandwidthtypes.MsgUpdateParams{Authority: app.Authority(), Params: params})
		return err
	})
}

// spam sends coins to and fro as often as it can, and leaves room for so many transactions more.
func (m *market) spam(from string, most int) int {
	m.t.Helper()
	for n := range most {
		err := m.try(from, &banktypes.MsgSend{FromAddress: address(from), ToAddress: address("mallory"), Amount: sdk.NewCoins(chain.Coin(1))})
		if err != nil {
			require.ErrorIs(m.t, err, bandwidthtypes.ErrNoRoom)
			return n
		}
	}
	return most
}

// Spam is cheap where the coins that let it in can go to the next account and let it in again. Each way out of a stake is
// tried with the last transaction that has room; with nothing in use it is open.
func TestCheapSpamTakesItsCoinsNowhere(t *testing.T) {
	var job, id uint64
	ways := []struct {
		name, from, signer string
		msg                func(m *market) sdk.Msg
	}{
		{"a withdrawal", "w2", "w2", func(*market) sdk.Msg {
			return &escrowtypes.MsgSetStake{Owner: address("w2"), Amount: sdkmath.NewInt(stake / 10)}
		}},
		{"an order of the operator, to be cancelled", "client", "hot", func(m *market) sdk.Msg {
			return &jobstypes.MsgRequestJob{Signer: address("hot"), Spec: m.spec(rewards(0, stake/2))}
		}},
		{"a bond, to be lost to a friend", "w1", "w1", func(*market) sdk.Msg { return acceptance(id, "w1", program.ROLE_WORKER) }},
		{"a deposit, to be lost to a friend", "e1", "e1", func(*market) sdk.Msg { return acceptance(id, "e1", program.ROLE_EVALUATOR) }},
		{"coins that count for a job", "root", "root", func(*market) sdk.Msg {
			return &bandwidthtypes.MsgAllocateToJob{Signer: address("root"), JobId: job, Amount: sdkmath.NewInt(stake * 9 / 10)}
		}},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			for _, used := range []int{0, 9} {
				m := newMarket(t, func(msg *jobstypes.MsgRegisterJob) {
					msg.Terms.Bond = &jobstypes.Bond{Amount: sdkmath.NewInt(stake / 2)}
				})
				m.appoint("client", "hot")
				for _, name := range []string{"root", "client"} {
					m.must(name, &escrowtypes.MsgSetStake{Owner: address(name), Amount: sdkmath.NewInt(stake)})
				}
				job, id = m.job, m.request(rewards(0, stake/2))
				if way.from != "e1" {
					m.must("e1", acceptance(id, "e1", program.ROLE_EVALUATOR))
				}
				m.hold()
				require.Equal(t, used, m.spam(way.from, used))
				tx := m.Sign(apptest.Tx{From: account(way.signer), Msgs: []sdk.Msg{way.msg(m)}})
				result := m.Block(tx).TxResults[0]
				if used == 0 {
					require.Zero(t, result.Code, result.Log)
					continue
				}
				require.Equal(t, bandwidthtypes.ErrBound.Codespace(), result.Codespace, result.Log)
				require.Equal(t, bandwidthtypes.ErrBound.ABCICode(), result.Code, result.Log)
			}
		})
	}
}
