// Package types holds x/storage's messages, state and pure rules: what a space costs, what of it is earned, who is
// let in. Nothing in it reads state, time or the network.
package types
