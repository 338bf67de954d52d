// Package benchmarks breaks its row of the import table.
package benchmarks

import (
	_ "github.com/ain-network/aind/tests/network"
)
