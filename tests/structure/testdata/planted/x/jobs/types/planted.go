// Package types breaks its row of the import table.
package types

import (
	_ "math/rand"
)
