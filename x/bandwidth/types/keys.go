package types

import "cosmossdk.io/collections"

const (
	// ModuleName names the module.
	ModuleName = "bandwidth"
	// StoreKey names the module's store.
	StoreKey = ModuleName
)

// Prefixes of the store. A number is given once and never again.
var (
	// ParamsPrefix: the params.
	ParamsPrefix = collections.NewPrefix(0)
	// AccountsPrefix: owner -> Account.
	AccountsPrefix = collections.NewPrefix(1)
	// AllocationsPrefix: job -> Allocation.
	AllocationsPrefix = collections.NewPrefix(2)
	// SharesPrefix: (job, account) -> Meter.
	SharesPrefix = collections.NewPrefix(3)
)
