// Package main breaks its row of the import table.
package main

import (
	_ "github.com/ain-network/aind/tests/network"
)

func main() {}
