// Package wazero stands for the runtime.
package wazero
