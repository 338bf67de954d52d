package client

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrExpired: the transaction's time has passed on the chain without it being in any block. It never will be:
	// building a new one is safe.
	ErrExpired = errors.New("transaction expired before any block took it")

	// ErrUnknownOutcome: the blocks that could hold the transaction are no longer kept by the endpoint. Only the
	// chain's state can tell whether it was executed.
	ErrUnknownOutcome = errors.New("outcome of the transaction is unknown")

	// ErrNoAccount: the signer has no account on the chain yet, so it cannot send anything.
	ErrNoAccount = errors.New("account does not exist on the chain")

	// ErrClosed: the client was closed.
	ErrClosed = errors.New("client is closed")
)

// ChainDownError says that no endpoint of the chain answered.
type ChainDownError struct {
	Endpoints []string
	Err       error // what the last endpoint said
}

func (e *ChainDownError) Error() string {
	return fmt.Sprintf("chain is not reachable at %s: %v (is the node running there? another one is chosen with --node)",
		strings.Join(e.Endpoints, ", "), e.Err)
}

func (e *ChainDownError) Unwrap() error { return e.Err }

// WrongChainError says that an endpoint belongs to another chain than the one configured.
type WrongChainError struct{ Endpoint, Want, Got string }

func (e *WrongChainError) Error() string {
	return fmt.Sprintf("%s is a node of chain %q, not of %q (choose another node with --node, or the chain with --chain-id)",
		e.Endpoint, e.Got, e.Want)
}

// BadInput marks it as an error about what the user chose.
func (e *WrongChainError) BadInput() {}

// TxError is the chain's refusal of a transaction: nothing of it was executed.
type TxError struct {
	Codespace string // the module that refused
	Code      uint32 // its reason, never 0
	Log       string // the reason in words
	Hash      string // upper-case hex
	Height    int64  // of the block that holds the refused transaction; 0: no block took it
}

func (e *TxError) Error() string {
	return fmt.Sprintf("chain refused: %s (%s %d)", e.reason(), e.Codespace, e.Code)
}

// executing is what the SDK puts before a module's words; the first of one message says nothing.
const executing = "failed to execute message; message index: "

func (e *TxError) reason() string {
	reason := firstLine(e.Log)
	rest, ok := strings.CutPrefix(reason, executing)
	if !ok {
		return reason
	}
	index, words, ok := strings.Cut(rest, ": ")
	switch {
	case !ok:
		return reason
	case index == "0":
		return words
	}
	return "message " + index + ": " + words
}

// Is makes errors.Is(err, registered) hold for errors registered by the chain's modules, which are values with the same
// codespace and code.
func (e *TxError) Is(target error) bool {
	registered, ok := target.(interface {
		Codespace() string
		ABCICode() uint32
	})
	return ok && registered.Codespace() == e.Codespace && registered.ABCICode() == e.Code
}

// firstLine cuts off what a node in debug mode adds to its log: a stack trace.
func firstLine(log string) string {
	line, _, _ := strings.Cut(log, "\n")
	return strings.TrimSpace(line)
}
