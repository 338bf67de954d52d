// Package dial breaks its row of the import table.
package dial

import (
	_ "github.com/ain-network/aind/storage"
)
