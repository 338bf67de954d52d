// Package builder breaks its row of the import table.
package builder

import (
	_ "github.com/ain-network/aind/worker"
)
