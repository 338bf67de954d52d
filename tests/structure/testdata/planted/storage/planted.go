// Package storage breaks its row of the import table.
package storage

import (
	_ "github.com/ain-network/aind/sandbox"
	_ "github.com/cosmos/cosmos-sdk/types"
)
