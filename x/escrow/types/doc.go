// Package types holds escrow's wire types, their validation, and what the module
// asks of others. Amounts are integers of the chain's smallest coin, uain.
package types
