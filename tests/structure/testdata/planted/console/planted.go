// Package console breaks its row of the import table.
package console

import (
	_ "github.com/ain-network/aind/app"
)
