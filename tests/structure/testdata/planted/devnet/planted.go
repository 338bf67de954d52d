// Package devnet breaks its row of the import table.
package devnet

import (
	_ "github.com/ain-network/aind/tests/network"
)
