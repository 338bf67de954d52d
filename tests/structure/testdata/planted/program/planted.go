// Package program breaks its row of the import table.
package program

import (
	_ "os"
)
