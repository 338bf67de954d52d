package statemachine

import (
	"fmt"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/client"
)

// Sign makes the bytes of an unordered transaction, as client.Build does, that asks for all the gas it may.
func (c *Chain) Sign(key client.Key, msgs ...sdk.Msg) ([]byte, error) {
	number, err := c.number(key)
	if err != nil {
		return nil, err
	}
	c.nonce++
	expires := c.Time.Add(time.Minute + c.nonce)
	body := txtypes.TxBody{Unordered: true, TimeoutTimestamp: &expires}
	for _, msg := range msgs {
		packed, err := codectypes.NewAnyWithValue(msg)
		if err != nil {
			return nil, err
		}
		body.Messages = append(body.Messages, packed)
	}
	public, err := codectypes.NewAnyWithValue(key.PubKey())
	if err != nil {
		return nil, err
	}
	mode := &txtypes.ModeInfo{Sum: &txtypes.ModeInfo_Single_{Single: &txtypes.ModeInfo_Single{Mode: signing.SignMode_SIGN_MODE_DIRECT}}}
	auth := txtypes.AuthInfo{
		SignerInfos: []*txtypes.SignerInfo{{PublicKey: public, ModeInfo: mode}}, Fee: &txtypes.Fee{GasLimit: app.MaxTxGas},
	}
	raw := txtypes.TxRaw{}
	if raw.BodyBytes, err = body.Marshal(); err != nil {
		return nil, err
	}
	if raw.AuthInfoBytes, err = auth.Marshal(); err != nil {
		return nil, err
	}
	doc := txtypes.SignDoc{BodyBytes: raw.BodyBytes, AuthInfoBytes: raw.AuthInfoBytes, ChainId: ChainID, AccountNumber: number}
	text, err := doc.Marshal()
	if err != nil {
		return nil, err
	}
	signature, err := key.Sign(text)
	raw.Signatures = [][]byte{signature}
	if err != nil {
		return nil, err
	}
	return raw.Marshal()
}

func (c *Chain) number(key client.Key) (uint64, error) {
	address := key.Address().String()
	if number, ok := c.numbers[address]; ok {
		return number, nil
	}
	account := c.App.Auth.GetAccount(c.Context(), key.Address())
	if account == nil {
		return 0, fmt.Errorf("%s has no account", address)
	}
	c.numbers[address] = account.GetAccountNumber()
	return c.numbers[address], nil
}

// Check asks, as a node's mempool does, whether a transaction is let in. A refusal is an error.
func (c *Chain) Check(tx []byte) error {
	response, err := c.App.CheckTx(&abci.RequestCheckTx{Tx: tx, Type: abci.CheckTxType_New})
	if err == nil && response.Code != abci.CodeTypeOK {
		err = fmt.Errorf("refused: %s", response.Log)
	}
	return err
}

// Do makes a block of one transaction, which has to be executed.
func (c *Chain) Do(key client.Key, msgs ...sdk.Msg) ([]*codectypes.Any, error) {
	tx, err := c.Sign(key, msgs...)
	if err != nil {
		return nil, err
	}
	block, err := c.Block(tx)
	if err != nil {
		return nil, err
	}
	return Responses(block.Results[0])
}

// Responses of the messages of an executed transaction. That it was refused is an error.
func Responses(result *abci.ExecTxResult) ([]*codectypes.Any, error) {
	if result.Code != abci.CodeTypeOK {
		return nil, fmt.Errorf("refused: %s", result.Log)
	}
	var data sdk.TxMsgData
	err := proto.Unmarshal(result.Data, &data)
	return data.MsgResponses, err
}
