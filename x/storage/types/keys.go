package types

import "cosmossdk.io/collections"

const (
	// ModuleName names the module.
	ModuleName = "storage"
	// StoreKey names the module's store.
	StoreKey = ModuleName
)

// FirstSpaceID is the id of a chain's first space; 0 means "no space".
const FirstSpaceID uint64 = 1

// Prefixes of the store. A number is given once and never again.
var (
	// ParamsPrefix: the params.
	ParamsPrefix = collections.NewPrefix(0)
	// ProvidersPrefix: owner -> Provider.
	ProvidersPrefix = collections.NewPrefix(1)
	// SpacesPrefix: space -> Space.
	SpacesPrefix = collections.NewPrefix(2)
	// NextSpacePrefix: id of the next space.
	NextSpacePrefix = collections.NewPrefix(3)
	// SpacesByOwnerPrefix: (owner, space).
	SpacesByOwnerPrefix = collections.NewPrefix(4)
	// SpacesByProviderPrefix: (provider, space).
	SpacesByProviderPrefix = collections.NewPrefix(5)
	// DuePrefix: (ms, space), when the chain looks at it next.
	DuePrefix = collections.NewPrefix(6)
)
