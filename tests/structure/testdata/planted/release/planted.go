// Package release breaks its row of the import table.
package release

import (
	_ "github.com/ain-network/aind/worker"
)
