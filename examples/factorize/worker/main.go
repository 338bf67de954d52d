// Command worker is the worker's program of the factorize job: a number on standard input, its primes on standard output.
package main

import (
	"io"
	"os"
	"strconv"

	"github.com/ain-network/aind/examples/factorize/message"
	"github.com/ain-network/aind/examples/factorize/prime"
)

func main() {
	if err := run(); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

type tooSmall uint64

func (n tooSmall) Error() string {
	return "n = " + strconv.FormatUint(uint64(n), 10) + ": the smallest number with a prime is 2"
}

func run() error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var number message.Number
	if err := number.Decode(input); err != nil {
		return err
	}
	if number.N < 2 {
		return tooSmall(number.N)
	}
	_, err = os.Stdout.Write(message.Factors{Primes: prime.Factors(number.N)}.Encode())
	return err
}
