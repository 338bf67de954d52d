package types

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
)
