//go:build pebbledb

package app

// cometBackend stores blocks. CometBFT knows pebble only when it is built with that tag.
const cometBackend = "pebbledb"
