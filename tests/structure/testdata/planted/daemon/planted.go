// Package daemon breaks its row of the import table.
package daemon

import (
	_ "github.com/ain-network/aind/worker"
)
