package client

import (
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Receipt is the result of a transaction that its block executed.
type Receipt struct {
	Height int64
	Hash   string // upper-case hex
	// Responses are the messages' responses in their order.
	Responses []*codectypes.Any
	Events    []abci.Event
	GasUsed   int64
	GasWanted int64
}

// Response decodes the response of the i-th message, counted from 0, into out.
func (r *Receipt) Response(i int, out proto.Message) error {
	if i < 0 || i >= len(r.Responses) {
		return fmt.Errorf("transaction %s: no response %d, it has %d", r.Hash, i, len(r.Responses))
	}
	if want, got := "/"+proto.MessageName(out), r.Responses[i].TypeUrl; want != got {
		return fmt.Errorf("transaction %s: response %d is %s, not %s", r.Hash, i, got, want)
	}
	if err := proto.Unmarshal(r.Responses[i].Value, out); err != nil {
		return fmt.Errorf("transaction %s: decode response %d: %w", r.Hash, i, err)
	}
	return nil
}

// receiptOf reads a block's result; a refusal is a *TxError.
func receiptOf(hash string, height int64, res *abci.ExecTxResult) (*Receipt, error) {
	if res.Code != abci.CodeTypeOK {
		return nil, &TxError{Codespace: res.Codespace, Code: res.Code, Log: res.Log, Hash: hash, Height: height}
	}
	var data sdk.TxMsgData
	if err := proto.Unmarshal(res.Data, &data); err != nil {
		return nil, fmt.Errorf("transaction %s: decode its responses: %w", hash, err)
	}
	return &Receipt{
		Height: height, Hash: hash, Responses: data.MsgResponses, Events: res.Events,
		GasUsed: res.GasUsed, GasWanted: res.GasWanted,
	}, nil
}
