package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/console"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
)

// Exit codes, the same for every command.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitChainDown   = 3
	exitStoreDown   = 4
	exitProgram     = 5
	exitSignature   = 6
	exitSigner      = 7
	exitWithdrawn   = 8
	exitInterrupted = 130
)

const exitCodeHelp = `Exit codes: 0 done, 1 failed or refused by the chain, 2 wrong usage or input, 3 no
endpoint of the chain answers, 4 the store does not answer, 5 a job's program failed,
6 a program or signature is not what was signed, 7 it is signed by somebody else, 8 its release
is revoked or expired, 130 interrupted. run ends with its program's.`

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// BadInput marks errors about what the user wrote, here and in the packages that commands call.
func (usageError) BadInput() {}

// programErrors are what a job's program did wrong.
var programErrors = []error{
	sandbox.ErrTimeout, sandbox.ErrMemory, sandbox.ErrOutputTooLarge, sandbox.ErrCrashed, sandbox.ErrBadOutput, sandbox.ErrBadProgram,
}

// kinds are the errors that have an exit code of their own. Who signed is asked before what.
var kinds = []struct {
	code int
	errs []error
}{
	{exitProgram, programErrors},
	{exitSigner, []error{release.ErrSigner, release.ErrBuilder}},
	{exitSignature, []error{release.ErrSignature, release.ErrAttestation}},
	{exitWithdrawn, []error{release.ErrRevoked, release.ErrExpired}},
}

// exitCode tells scripts what kind of error ended a command.
func exitCode(err error) int {
	var badInput interface{ BadInput() }
	var chainDown *client.ChainDownError
	var status console.ExitStatus
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &badInput), isUnknownCommand(err):
		return exitUsage
	case errors.As(err, &chainDown):
		return exitChainDown
	case errors.Is(err, storage.ErrUnavailable):
		return exitStoreDown
	}
	// The SDK's own commands dial the node, and nothing else.
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return exitChainDown
	}
	for _, kind := range kinds {
		if slices.ContainsFunc(kind.errs, func(known error) bool { return errors.Is(err, known) }) {
			return kind.code
		}
	}
	return exitFailed
}

// isUnknownCommand recognises the one usage error that cobra does not let us mark.
func isUnknownCommand(err error) bool { return strings.HasPrefix(err.Error(), "unknown command ") }

// sourcePlace is what the SDK adds to some of its errors: where in its source they come from.
var sourcePlace = regexp.MustCompile(` \[\S+\.go:\d+\]`)

// report writes why a command failed and returns its exit code.
func report(w io.Writer, err error) int {
	code := exitCode(err)
	if code != exitOK && code != exitInterrupted {
		_, _ = fmt.Fprintf(w, "aind: %s\n", sourcePlace.ReplaceAllString(err.Error(), ""))
	}
	return code
}
