package types

import "cosmossdk.io/collections"

const (
	// ModuleName names the module. It has no account: it never holds coins.
	ModuleName = "permissions"
	// StoreKey names the module's store.
	StoreKey = ModuleName
)

// Prefixes of the store. A number is given once and never again.
var (
	// RulesPrefix: type URL -> Rule without its accounts.
	RulesPrefix = collections.NewPrefix(0)
	// AccountsPrefix: type URL, account that is listed.
	AccountsPrefix = collections.NewPrefix(1)
)

// MaxAccounts bounds the list of one rule.
const MaxAccounts = 1000
