package types

import "cosmossdk.io/collections"

const (
	// ModuleName names the module.
	ModuleName = "jobs"
	// StoreKey names its store.
	StoreKey = ModuleName
)

// Reasons of payouts, as in Payout.reason and escrow's events.
const (
	ReasonReward     = "reward"
	ReasonEvaluation = "evaluation"
	ReasonDeposit    = "deposit"
	ReasonBond       = "bond"
	ReasonLostBond   = "lost_bond"
	ReasonSlash      = "slash"
	ReasonRefund     = "refund"
	ReasonChainShare = "chain_share"
	// ReasonChallengeFee is a challenger's fee that goes back, ReasonVerdict what a
	// resolver earns, ReasonCompensation a part of a lost deposit.
	ReasonChallengeFee = "challenge_fee"
	ReasonVerdict      = "verdict"
	ReasonCompensation = "compensation"
	ReasonBurn         = "burn"
)

// Prefixes of the store, numbered once and never reused.
var (
	ParamsPrefix           = collections.NewPrefix(0)
	ParamsVersionPrefix    = collections.NewPrefix(1)
	ClockPrefix            = collections.NewPrefix(2)
	NextJobPrefix          = collections.NewPrefix(3)
	NextReleasePrefix      = collections.NewPrefix(4)
	NextRequestPrefix      = collections.NewPrefix(5)
	JobsPrefix             = collections.NewPrefix(6)
	JobsByRootPrefix       = collections.NewPrefix(7)
	SchemasPrefix          = collections.NewPrefix(8)
	TermsPrefix            = collections.NewPrefix(9)
	ReleasesPrefix         = collections.NewPrefix(10)
	ReleasesByJobPrefix    = collections.NewPrefix(11)
	RequestsPrefix         = collections.NewPrefix(12)
	AssignmentsPrefix      = collections.NewPrefix(13)
	DeadlinesPrefix        = collections.NewPrefix(14)
	OpeningsPrefix         = collections.NewPrefix(15)
	RequestsByJobPrefix    = collections.NewPrefix(16)
	RequestsByClientPrefix = collections.NewPrefix(17)
	PlacesPrefix           = collections.NewPrefix(18)
	RemovalsPrefix         = collections.NewPrefix(19)
	RevocationsPrefix      = collections.NewPrefix(20)
	GrantsPrefix           = collections.NewPrefix(21)
	CheckpointsPrefix      = collections.NewPrefix(30)
	DrawingsPrefix         = collections.NewPrefix(31)
	BuildersPrefix         = collections.NewPrefix(60)
	NamedPrefix            = collections.NewPrefix(70)
)
