// Package helpers breaks its row of the import table.
package helpers
