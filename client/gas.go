package client

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Gas is fixed by message rather than simulated: a simulation costs the node about as much as the transaction itself.
// Nothing is paid for gas, so the margins are wide; they bound how many transactions fit into a block.
const (
	// gasPerTx covers signature, nonce and account.
	gasPerTx = 60_000
	// gasPerByte covers the bytes of a transaction: the ante handler's charge, decoding, and the store's price of
	// keeping them.
	gasPerByte = 120
	// gasPerMessage is for messages that the table does not name.
	gasPerMessage = 250_000
)

// gasByMessage is what executing one message may take besides its bytes: measured on a running network, times four or
// more, since a request's record grows with its workers.
var gasByMessage = map[string]uint64{
	"/cosmos.bank.v1beta1.MsgSend":               100_000,
	"/cosmos.feegrant.v1beta1.MsgGrantAllowance": 150_000,

	// The list of before may be long and is not seen in the bytes; a proposal tries its messages when it is made.
	"/ain.permissions.v1.MsgSetRule":   3_000_000,
	"/cosmos.gov.v1.MsgSubmitProposal": 5_000_000,

	"/ain.escrow.v1.MsgSetStake":  150_000,
	"/ain.escrow.v1.MsgSetPayout": 100_000,

	"/ain.bandwidth.v1.MsgAllocateToJob": 200_000,

	"/ain.storage.v1.MsgRegisterProvider": 150_000,
	// A space with its rules is up to 10 KB, and the spaces of the owner are counted: TestMessagesTakeHalfOfWhatClientsGive of x/storage.
	"/ain.storage.v1.MsgReserveSpace":  700_000,
	"/ain.storage.v1.MsgExtendSpace":   700_000,
	"/ain.storage.v1.MsgSetAccess":     700_000,
	"/ain.storage.v1.MsgPublishFolder": 700_000,
	"/ain.storage.v1.MsgReleaseSpace":  700_000,

	"/ain.reputation.v1.MsgApplyJob":            300_000,
	"/ain.reputation.v1.MsgWithdrawApplication": 150_000,
	"/ain.reputation.v1.MsgApproveNode":         600_000,
	"/ain.reputation.v1.MsgRejectApplication":   150_000,
	"/ain.reputation.v1.MsgDropNode":            400_000,
	"/ain.reputation.v1.MsgLeaveJob":            150_000,
	"/ain.reputation.v1.MsgUpdateCapability":    150_000,
	"/ain.reputation.v1.MsgSetOperator":         200_000,
	"/ain.reputation.v1.MsgSetEncryptionKey":    100_000,
	"/ain.reputation.v1.MsgHeartbeat":           100_000,

	"/ain.jobs.v1.MsgRegisterJob":    800_000,
	"/ain.jobs.v1.MsgForkJob":        800_000,
	"/ain.jobs.v1.MsgUpdateJob":      400_000,
	"/ain.jobs.v1.MsgPublishRelease": 400_000,
	// It looks for the newest release that is left.
	"/ain.jobs.v1.MsgRevokeRelease": 2_000_000,
	"/ain.jobs.v1.MsgAddBuilder":    150_000,
	"/ain.jobs.v1.MsgRemoveBuilder": 150_000,
	"/ain.jobs.v1.MsgRequestJob":    400_000,
	"/ain.jobs.v1.MsgCancelRequest": 400_000,
	"/ain.jobs.v1.MsgAcceptJob":     400_000,
	"/ain.jobs.v1.MsgResign":        400_000,
	"/ain.jobs.v1.MsgRejectWorker":  400_000,
	// Each worker's place is written, and its key kept: the keys' bytes are many and count beside this.
	"/ain.jobs.v1.MsgGrantKey": 2_000_000,
	// What was published before is read and written again, at most 32 KiB of it.
	"/ain.jobs.v1.MsgPublishCheckpoints": 2_000_000,
	"/ain.jobs.v1.MsgSubmitResult":       400_000,
	"/ain.jobs.v1.MsgRevealResult":       400_000,
	// Its cost grows with the ranking, which gasPerByte sees too.
	"/ain.jobs.v1.MsgRank":         600_000,
	"/ain.jobs.v1.MsgAcceptResult": 400_000,
	"/ain.jobs.v1.MsgChallenge":    400_000,
	// A verdict that changes the ranking gives every worker its rights anew.
	"/ain.jobs.v1.MsgResolveChallenge": 2_000_000,
}

// gasFor is the gas limit of a transaction of size bytes.
func gasFor(msgs []sdk.Msg, size int) uint64 {
	gas := uint64(gasPerTx) + gasPerByte*uint64(size)
	for _, msg := range msgs {
		if limit, ok := gasByMessage[sdk.MsgTypeURL(msg)]; ok {
			gas += limit
		} else {
			gas += gasPerMessage
		}
	}
	return gas
}
