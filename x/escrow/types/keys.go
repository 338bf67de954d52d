package types

import "cosmossdk.io/collections"

const (
	// ModuleName names the module and its account, which holds all stakes and holds.
	ModuleName = "escrow"
	// StoreKey names the module's store.
	StoreKey = ModuleName
)

// Prefixes of the store. A number is given once and never again.
var (
	// AccountsPrefix: owner -> Account.
	AccountsPrefix = collections.NewPrefix(0)
	// HoldsPrefix: hold id -> Hold.
	HoldsPrefix = collections.NewPrefix(1)
	// NextHoldIDPrefix: id of the next hold.
	NextHoldIDPrefix = collections.NewPrefix(2)
)

// FirstHoldID is the id of a chain's first hold; 0 means "no hold".
const FirstHoldID uint64 = 1
