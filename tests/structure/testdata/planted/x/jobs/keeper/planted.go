// Package keeper breaks its row of the import table.
package keeper

import (
	_ "github.com/ain-network/aind/storage"
)
