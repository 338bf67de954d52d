// Package simulation breaks its row of the import table.
package simulation

import (
	_ "github.com/ain-network/aind/client"
)
