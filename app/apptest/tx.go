package apptest

import (
	"context"
	"maps"
	"slices"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/client"
	sdk "github.com/cosmos/cosmos-sdk/types"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"
)

// DefaultGas of a transaction.
const DefaultGas = 5_000_000

// Tx is a transaction to be signed. The zero value of a field is what is right most of the time.
type Tx struct {
	From Account
	Msgs []sdk.Msg
	// Gas limit; 0: DefaultGas.
	Gas uint64
	// FeeGranter pays instead of From, if it granted that.
	FeeGranter sdk.AccAddress
	// ChainID that is signed for; empty: the chain's.
	ChainID string
	// Timeout of an unordered transaction; zero: half a minute from now, different each time.
	Timeout time.Time
	// Ordered transactions carry the account's sequence.
	Ordered bool
}

// Sign makes the bytes of a transaction.
func (c *Chain) Sign(tx Tx) []byte {
	c.t.Helper()
	config := c.App.TxConfig()
	builder := config.NewTxBuilder()
	require.NoError(c.t, builder.SetMsgs(tx.Msgs...))
	if tx.Gas == 0 {
		tx.Gas = DefaultGas
	}
	builder.SetGasLimit(tx.Gas)
	builder.SetFeeGranter(tx.FeeGranter)
	if !tx.Ordered {
		builder.SetUnordered(true)
		builder.SetTimeoutTimestamp(c.timeout(tx.Timeout))
	}
	c.sign(builder, tx)
	bytes, err := config.TxEncoder()(builder.GetTx())
	require.NoError(c.t, err)
	return bytes
}

// timeout is the one asked for, or one that was not used before.
func (c *Chain) timeout(asked time.Time) time.Time {
	if !asked.IsZero() {
		return asked
	}
	c.nonce++
	return c.Time.Add(30*time.Second + c.nonce)
}

func (c *Chain) sign(builder client.TxBuilder, tx Tx) {
	c.t.Helper()
	signer := authsigning.SignerData{ChainID: ChainID, Address: tx.From.String(), PubKey: tx.From.Key.PubKey()}
	if tx.ChainID != "" {
		signer.ChainID = tx.ChainID
	}
	if account := c.App.Auth.GetAccount(c.Context(), tx.From.Address); account != nil {
		signer.AccountNumber = account.GetAccountNumber()
		if tx.Ordered {
			signer.Sequence = account.GetSequence()
		}
	}
	mode := signingtypes.SignMode_SIGN_MODE_DIRECT
	data := &signingtypes.SingleSignatureData{SignMode: mode}
	signature := signingtypes.SignatureV2{PubKey: tx.From.Key.PubKey(), Data: data, Sequence: signer.Sequence}
	require.NoError(c.t, builder.SetSignatures(signature))
	message, err := authsigning.GetSignBytesAdapter(
		context.Background(), c.App.TxConfig().SignModeHandler(), mode, signer, builder.GetTx())
	require.NoError(c.t, err)
	data.Signature, err = tx.From.Key.Sign(message)
	require.NoError(c.t, err)
	require.NoError(c.t, builder.SetSignatures(signature))
}

// Do makes a block with one transaction and returns its result.
func (c *Chain) Do(from Account, msgs ...sdk.Msg) *abci.ExecTxResult {
	c.t.Helper()
	return c.Block(c.Sign(Tx{From: from, Msgs: msgs})).TxResults[0]
}

// Must is Do for what the chain has to accept.
func (c *Chain) Must(from Account, msgs ...sdk.Msg) *abci.ExecTxResult {
	c.t.Helper()
	result := c.Do(from, msgs...)
	require.Zero(c.t, result.Code, "%s was refused: %s", from.Name, result.Log)
	return result
}

// Check asks whether a transaction would be let into the mempool.
func (c *Chain) Check(tx []byte) *abci.ResponseCheckTx {
	c.t.Helper()
	response, err := c.App.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
	require.NoError(c.t, err)
	return response
}

// Recheck asks whether a transaction in the mempool may stay there after a block.
func (c *Chain) Recheck(tx []byte) *abci.ResponseCheckTx {
	c.t.Helper()
	response, err := c.App.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_Recheck})
	require.NoError(c.t, err)
	return response
}

// sortedNames fixes the order in which accounts are made.
func sortedNames(accounts map[string]int64) []string { return slices.Sorted(maps.Keys(accounts)) }
