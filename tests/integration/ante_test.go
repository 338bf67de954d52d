package integration_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
)

var (
	alice    = apptest.NewAccount("alice")
	bob      = apptest.NewAccount("bob")
	stranger = apptest.NewAccount("stranger")
)

// funded is a chain on which alice and bob have a million AIN each.
func funded(t *testing.T) *apptest.Chain {
	return apptest.New(t, apptest.Config{Accounts: map[string]int64{"alice": 1_000_000_000_000, "bob": 1_000_000_000_000}})
}

func send(from, to apptest.Account, uain int64) sdk.Msg {
	return banktypes.NewMsgSend(from.Address, to.Address, sdk.NewCoins(chain.Coin(uain)))
}

func balance(c *apptest.Chain, of apptest.Account) int64 {
	return c.App.Bank.GetBalance(c.Context(), of.Address, chain.Denom).Amount.Int64()
}

func TestTransactionWithoutFeePasses(t *testing.T) {
	c := funded(t)
	before := balance(c, alice)
	tx := c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 7)}})
	require.Zero(t, c.Check(tx).Code)
	require.Zero(t, c.Block(tx).TxResults[0].Code)
	require.Equal(t, before-7, balance(c, alice), "no fee is taken")
}

func TestTransactionsThatAreRefused(t *testing.T) {
	for _, refusal := range []struct {
		name string
		tx   func(*apptest.Chain) apptest.Tx
		want error
	}{
		{
			name: "signed for another chain",
			tx: func(*apptest.Chain) apptest.Tx {
				return apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, ChainID: "ain-other-1"}
			},
			want: sdkerrors.ErrUnauthorized,
		},
		{
			name: "signed by somebody else than its sender",
			tx: func(*apptest.Chain) apptest.Tx {
				return apptest.Tx{From: bob, Msgs: []sdk.Msg{send(alice, bob, 1)}}
			},
			want: sdkerrors.ErrInvalidPubKey,
		},
		{
			name: "from an account that does not exist",
			tx: func(*apptest.Chain) apptest.Tx {
				return apptest.Tx{From: stranger, Msgs: []sdk.Msg{send(stranger, bob, 1)}}
			},
			want: sdkerrors.ErrUnknownAddress,
		},
		{
			name: "with more gas than a transaction may ask for",
			tx: func(*apptest.Chain) apptest.Tx {
				return apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Gas: app.MaxTxGas + 1}
			},
			want: sdkerrors.ErrInvalidGasLimit,
		},
		{
			name: "with too little gas for its own bytes",
			tx: func(*apptest.Chain) apptest.Tx {
				return apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Gas: 1}
			},
			want: sdkerrors.ErrOutOfGas,
		},
		{
			name: "unordered and out of date",
			tx: func(c *apptest.Chain) apptest.Tx {
				return apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Timeout: c.Time}
			},
			want: sdkerrors.ErrTxTimeout,
		},
		{
			name: "unordered and valid for longer than nonces are kept",
			tx: func(c *apptest.Chain) apptest.Tx {
				return apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Timeout: c.Time.Add(11 * time.Minute)}
			},
			want: sdkerrors.ErrInvalidRequest,
		},
		{
			name: "to a module account",
			tx: func(c *apptest.Chain) apptest.Tx {
				escrow := c.App.Auth.GetModuleAddress("escrow")
				return apptest.Tx{From: alice, Msgs: []sdk.Msg{banktypes.NewMsgSend(alice.Address, escrow, sdk.NewCoins(chain.Coin(1)))}}
			},
			want: sdkerrors.ErrUnauthorized,
		},
	} {
		t.Run(refusal.name, func(t *testing.T) {
			c := funded(t)
			before := [2]int64{balance(c, alice), balance(c, bob)}
			result := c.Block(c.Sign(refusal.tx(c))).TxResults[0]
			requireCode(t, refusal.want, result.Codespace, result.Code, result.Log)
			require.Equal(t, before, [2]int64{balance(c, alice), balance(c, bob)})
		})
	}
}

func TestReplayIsRefused(t *testing.T) {
	for name, ordered := range map[string]bool{"of an unordered transaction": false, "of a transaction with a sequence": true} {
		t.Run(name, func(t *testing.T) {
			c := funded(t)
			tx := c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Ordered: ordered})
			before := balance(c, bob)

			results := c.Block(tx, tx).TxResults
			require.Zero(t, results[0].Code, results[0].Log)
			require.NotZero(t, results[1].Code, "the same bytes twice in one block")
			require.NotZero(t, c.Check(tx).Code, "the same bytes in the mempool")
			require.NotZero(t, c.Block(tx).TxResults[0].Code, "the same bytes in the next block")
			require.Equal(t, before+1, balance(c, bob))
		})
	}
}

func TestUnorderedTransactionsOfOneSenderGoInAnyOrder(t *testing.T) {
	c := funded(t)
	var txs [][]byte
	for range 5 {
		txs = append([][]byte{c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}})}, txs...)
	}
	for _, result := range c.Block(txs...).TxResults {
		require.Zero(t, result.Code, result.Log)
	}
}

func TestBlockTakesNoMoreGasThanItsLimit(t *testing.T) {
	c := apptest.New(t, apptest.Config{
		Accounts: map[string]int64{"alice": 1_000_000},
		Genesis:  func(g *app.GenesisBuilder) { g.Consensus.Block.MaxGas = 1_000_000 },
	})
	var txs [][]byte
	for range 40 {
		txs = append(txs, c.Sign(apptest.Tx{From: alice, Msgs: []sdk.Msg{send(alice, bob, 1)}, Gas: 200_000}))
	}
	var done, used int64
	for _, result := range c.Block(txs...).TxResults {
		if result.Code == 0 {
			done, used = done+1, used+result.GasUsed
			continue
		}
		requireCode(t, sdkerrors.ErrOutOfGas, result.Codespace, result.Code, result.Log)
	}
	require.Positive(t, done)
	require.Less(t, done, int64(40), "the block has no room for all")
	require.LessOrEqual(t, used, int64(1_000_000))
	require.Equal(t, done, balance(c, bob), "what did not fit moved nothing")
}

// requireCode compares a transaction's code with a registered error.
func requireCode(t *testing.T, want error, codespace string, code uint32, log string) {
	t.Helper()
	registered, ok := want.(interface {
		Codespace() string
		ABCICode() uint32
	})
	require.True(t, ok)
	require.Equal(t, []any{registered.Codespace(), registered.ABCICode()}, []any{codespace, code}, "%s: %s", want, log)
}
