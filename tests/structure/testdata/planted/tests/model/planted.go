// Package model breaks its row of the import table.
package model

import (
	_ "github.com/ain-network/aind/x/jobs/keeper"
)
