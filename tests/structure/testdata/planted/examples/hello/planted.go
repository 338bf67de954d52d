// Package hello breaks its row of the import table.
package hello

import (
	_ "github.com/ain-network/aind/client"
)
