// Package types breaks its row of the import table.
package types

import (
	_ "github.com/ain-network/aind/x/jobs/types"
)
