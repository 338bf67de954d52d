// Package python breaks its row of the import table.
package python

import (
	_ "github.com/tetratelabs/wazero"
)
