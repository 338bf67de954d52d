// Package types holds the rules of room that need no state: how a meter empties,
// how much room coins give, which coins are bound, and what a message must look
// like.
package types
