// Package gateway breaks its row of the import table.
package gateway

import (
	_ "github.com/ain-network/aind/release"
)
