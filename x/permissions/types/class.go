package types

import (
	"slices"
	"strings"
)

// Class says what a message is to rules.
type Class int

const (
	// ClassUnknown: the chain has no such message.
	ClassUnknown Class = iota
	// ClassStarting: begins or enlarges something; a rule may stop it.
	ClassStarting
	// ClassFinishing: goes on with what was begun, gives back, moves away or ends; nobody may be kept from it.
	ClassFinishing
	// ClassGoverning: changes the rules of the chain; it is held by votes and by its own authority, and a rule about it
	// could lock everybody out.
	ClassGoverning
)

// ownPrefix begins the type URLs of our own messages. Those that start something act for the signer's owner.
const ownPrefix = "/ain."

// classes is every message that the chain executes. A message that is not here cannot be stopped, and a test of the
// app fails.
var classes = map[string]Class{
	// The same message gives coins back to the root's own room.
	"/ain.bandwidth.v1.MsgAllocateToJob": ClassFinishing,
	"/ain.bandwidth.v1.MsgUpdateParams":  ClassGoverning,

	"/ain.escrow.v1.MsgSetPayout": ClassFinishing,
	// The same message takes coins back.
	"/ain.escrow.v1.MsgSetStake": ClassFinishing,

	"/ain.jobs.v1.MsgAcceptJob":     ClassStarting,
	"/ain.jobs.v1.MsgAddBuilder":    ClassStarting,
	"/ain.jobs.v1.MsgAcceptResult":  ClassFinishing,
	"/ain.jobs.v1.MsgCancelRequest": ClassFinishing,
	"/ain.jobs.v1.MsgChallenge":     ClassFinishing,
	// A fork is a registration too: a chain that lists who may register lists who may fork.
	"/ain.jobs.v1.MsgForkJob":            ClassStarting,
	"/ain.jobs.v1.MsgGrantKey":           ClassFinishing,
	"/ain.jobs.v1.MsgPublishCheckpoints": ClassFinishing,
	"/ain.jobs.v1.MsgPublishRelease":     ClassStarting,
	"/ain.jobs.v1.MsgRemoveBuilder":      ClassFinishing,
	"/ain.jobs.v1.MsgRevokeRelease":      ClassFinishing,
	"/ain.jobs.v1.MsgUpdateJob":          ClassStarting,
	"/ain.jobs.v1.MsgRank":               ClassFinishing,
	"/ain.jobs.v1.MsgRegisterJob":        ClassStarting,
	"/ain.jobs.v1.MsgRejectWorker":       ClassFinishing,
	"/ain.jobs.v1.MsgRequestJob":         ClassStarting,
	"/ain.jobs.v1.MsgResign":             ClassFinishing,
	"/ain.jobs.v1.MsgResolveChallenge":   ClassFinishing,
	"/ain.jobs.v1.MsgRevealResult":       ClassFinishing,
	"/ain.jobs.v1.MsgSubmitResult":       ClassFinishing,
	"/ain.jobs.v1.MsgUpdateParams":       ClassGoverning,

	"/ain.permissions.v1.MsgSetRule": ClassGoverning,

	"/ain.reputation.v1.MsgApplyJob":            ClassStarting,
	"/ain.reputation.v1.MsgApproveNode":         ClassStarting,
	"/ain.reputation.v1.MsgDropNode":            ClassFinishing,
	"/ain.reputation.v1.MsgHeartbeat":           ClassFinishing,
	"/ain.reputation.v1.MsgLeaveJob":            ClassFinishing,
	"/ain.reputation.v1.MsgRejectApplication":   ClassFinishing,
	"/ain.reputation.v1.MsgSetEncryptionKey":    ClassFinishing,
	"/ain.reputation.v1.MsgSetOperator":         ClassFinishing,
	"/ain.reputation.v1.MsgUpdateCapability":    ClassFinishing,
	"/ain.reputation.v1.MsgUpdateParams":        ClassGoverning,
	"/ain.reputation.v1.MsgWithdrawApplication": ClassFinishing,

	"/ain.storage.v1.MsgExtendSpace":      ClassFinishing,
	"/ain.storage.v1.MsgPublishFolder":    ClassFinishing,
	"/ain.storage.v1.MsgRegisterProvider": ClassStarting,
	"/ain.storage.v1.MsgReleaseSpace":     ClassFinishing,
	"/ain.storage.v1.MsgReserveSpace":     ClassStarting,
	"/ain.storage.v1.MsgSetAccess":        ClassFinishing,
	"/ain.storage.v1.MsgUpdateParams":     ClassGoverning,

	"/cosmos.auth.v1beta1.MsgUpdateParams": ClassGoverning,

	// What is inside is checked by itself, and may finish something.
	"/cosmos.authz.v1beta1.MsgExec":   ClassFinishing,
	"/cosmos.authz.v1beta1.MsgGrant":  ClassStarting,
	"/cosmos.authz.v1beta1.MsgRevoke": ClassFinishing,

	"/cosmos.bank.v1beta1.MsgMultiSend":      ClassStarting,
	"/cosmos.bank.v1beta1.MsgSend":           ClassStarting,
	"/cosmos.bank.v1beta1.MsgSetSendEnabled": ClassGoverning,
	"/cosmos.bank.v1beta1.MsgUpdateParams":   ClassGoverning,

	"/cosmos.consensus.v1.MsgUpdateParams": ClassGoverning,

	"/cosmos.distribution.v1beta1.MsgCommunityPoolSpend":          ClassGoverning,
	"/cosmos.distribution.v1beta1.MsgDepositValidatorRewardsPool": ClassStarting,
	"/cosmos.distribution.v1beta1.MsgFundCommunityPool":           ClassStarting,
	"/cosmos.distribution.v1beta1.MsgSetWithdrawAddress":          ClassFinishing,
	"/cosmos.distribution.v1beta1.MsgUpdateParams":                ClassGoverning,
	"/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward":     ClassFinishing,
	"/cosmos.distribution.v1beta1.MsgWithdrawValidatorCommission": ClassFinishing,

	"/cosmos.feegrant.v1beta1.MsgGrantAllowance":  ClassStarting,
	"/cosmos.feegrant.v1beta1.MsgPruneAllowances": ClassFinishing,
	"/cosmos.feegrant.v1beta1.MsgRevokeAllowance": ClassFinishing,

	"/cosmos.gov.v1.MsgCancelProposal":         ClassGoverning,
	"/cosmos.gov.v1.MsgDeposit":                ClassGoverning,
	"/cosmos.gov.v1.MsgExecLegacyContent":      ClassGoverning,
	"/cosmos.gov.v1.MsgSubmitProposal":         ClassGoverning,
	"/cosmos.gov.v1.MsgUpdateParams":           ClassGoverning,
	"/cosmos.gov.v1.MsgVote":                   ClassGoverning,
	"/cosmos.gov.v1.MsgVoteWeighted":           ClassGoverning,
	"/cosmos.gov.v1beta1.MsgDeposit":           ClassGoverning,
	"/cosmos.gov.v1beta1.MsgSubmitProposal":    ClassGoverning,
	"/cosmos.gov.v1beta1.MsgVote":              ClassGoverning,
	"/cosmos.gov.v1beta1.MsgVoteWeighted":      ClassGoverning,
	"/cosmos.slashing.v1beta1.MsgUnjail":       ClassFinishing,
	"/cosmos.slashing.v1beta1.MsgUpdateParams": ClassGoverning,

	// Coins that move from one validator to another leave the first; those that no longer leave are delegated anew.
	"/cosmos.staking.v1beta1.MsgBeginRedelegate":           ClassFinishing,
	"/cosmos.staking.v1beta1.MsgCancelUnbondingDelegation": ClassStarting,
	"/cosmos.staking.v1beta1.MsgCreateValidator":           ClassStarting,
	"/cosmos.staking.v1beta1.MsgDelegate":                  ClassStarting,
	"/cosmos.staking.v1beta1.MsgEditValidator":             ClassFinishing,
	// A stolen key has to be replaced.
	"/cosmos.staking.v1beta1.MsgRotateConsPubKey": ClassFinishing,
	"/cosmos.staking.v1beta1.MsgUndelegate":       ClassFinishing,
	"/cosmos.staking.v1beta1.MsgUpdateParams":     ClassGoverning,

	"/cosmos.upgrade.v1beta1.MsgCancelUpgrade":   ClassGoverning,
	"/cosmos.upgrade.v1beta1.MsgSoftwareUpgrade": ClassGoverning,
}

// ClassOf returns what a message is to rules.
func ClassOf(typeURL string) Class { return classes[typeURL] }

// TypeURLs returns every message of a class, sorted.
func TypeURLs(class Class) []string {
	var urls []string
	for url, of := range classes {
		if of == class {
			urls = append(urls, url)
		}
	}
	slices.Sort(urls)
	return urls
}

// ForOwner says that the message acts for the owner whose operator signs it, so that rules about it name owners.
func ForOwner(typeURL string) bool {
	return ClassOf(typeURL) == ClassStarting && strings.HasPrefix(typeURL, ownPrefix)
}

// ValidateStoppable refuses a message that no rule may be about.
func ValidateStoppable(field, typeURL string) error {
	switch ClassOf(typeURL) {
	case ClassStarting:
		return nil
	case ClassFinishing:
		return ErrNotStoppable.Wrapf("%s: %s finishes what was begun; rules stop only messages that start something", field, typeURL)
	case ClassGoverning:
		return ErrNotStoppable.Wrapf("%s: %s governs the chain; rules stop only messages that start something", field, typeURL)
	}
	return ErrUnknownMessage.Wrapf("%s: %q; give the type URL of a message, like /ain.jobs.v1.MsgRegisterJob", field, typeURL)
}
