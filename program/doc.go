// Package program holds the words that every part of the network shares: roles,
// programs, what a program needs and a node offers, and how a piece of work ended.
// It has no state and imports no other part of the network.
package program
