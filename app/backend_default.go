//go:build !pebbledb

package app

// cometBackend stores blocks.
const cometBackend = "goleveldb"
