// Package gadget breaks its row of the import table.
package gadget
