// Package network breaks its row of the import table.
package network
