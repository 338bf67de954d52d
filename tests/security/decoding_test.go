package security_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app/apptest"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// What has to be decoded is bounded, paid for by the byte whether it decodes or not, and nothing of it is kept when it
// does not.
func TestDecodingIsBoundedAndPaidFor(t *testing.T) {
	m := newMarket(t)
	params := jobstypes.DefaultParams()
	order := func(input []byte) sdk.Msg {
		return &jobstypes.MsgRequestJob{Signer: address("client"), Spec: m.spec(func(s *jobstypes.RequestSpec) { s.Input.Inline = input })}
	}
	gas := func(input []byte) int64 {
		return m.Block(m.Sign(apptest.Tx{From: account("client"), Msgs: []sdk.Msg{order(input)}})).TxResults[0].GasUsed
	}
	same := bytes.Repeat(float(4), int(params.MaxInlineBytes)/len(float(4))) // the field again and again: the last one counts
	m.must("client", order(same))
	extra := int64(len(same)-len(float(4))) * int64(params.GasPerDecodedByte)
	require.GreaterOrEqual(t, gas(same)-gas(float(4)), extra)

	group := bytes.Repeat([]byte{0x0b}, int(params.MaxInlineBytes)) // a group in a group in a group
	m.refused(jobstypes.ErrDecode, "client", order(group))
	require.GreaterOrEqual(t, gas(group), extra, "what does not decode is paid for too")
	m.refused(jobstypes.ErrLimit, "client", order(make([]byte, params.MaxInlineBytes+1)))

	id := m.request(workers(1))
	m.accept(id, "e1", "w1")
	digest, err := jobstypes.ResultDigest(jobstypes.Result{Inline: group})
	require.NoError(t, err)
	sent := jobstypes.Commitment(apptest.ChainID, id, account("w1").Address, digest, salt("w1"))
	m.must("w1", &jobstypes.MsgSubmitResult{Signer: address("w1"), RequestId: id, Commitment: sent[:]})
	m.refused(jobstypes.ErrDecode, "w1", &jobstypes.MsgRevealResult{
		Signer: address("w1"), RequestId: id, Result: jobstypes.Result{Inline: group}, Salt: salt("w1"),
	})
}
