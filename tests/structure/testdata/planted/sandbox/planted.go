// Package sandbox breaks its row of the import table.
package sandbox

import (
	_ "github.com/cosmos/cosmos-sdk/types"
)
