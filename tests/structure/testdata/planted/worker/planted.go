// Package worker breaks its row of the import table.
package worker

import (
	_ "github.com/ain-network/aind/app"
	_ "github.com/ain-network/aind/evaluator"
)
