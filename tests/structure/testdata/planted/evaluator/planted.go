// Package evaluator breaks its row of the import table.
package evaluator

import (
	_ "github.com/ain-network/aind/x/jobs/keeper"
)
