// Package admin breaks its row of the import table.
package admin

import (
	_ "github.com/ain-network/aind/x/jobs/keeper"
)
