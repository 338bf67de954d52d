// Package types stands for the SDK.
package types
