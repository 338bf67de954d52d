// Package client breaks its row of the import table.
package client

import (
	_ "github.com/ain-network/aind/x/jobs/keeper"
)
