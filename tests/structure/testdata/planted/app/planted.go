// Package app breaks its row of the import table.
package app

import (
	_ "github.com/ain-network/aind/client"
)
