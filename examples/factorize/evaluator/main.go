// Command evaluator is the evaluator's program of the factorize job. An answer is right if all its numbers are prime and their product is
// the number asked for: checking takes no factorizing. Right answers are equally good.
package main

import (
	"io"
	"math/bits"
	"os"

	"github.com/ain-network/aind/examples/factorize/message"
	"github.com/ain-network/aind/examples/factorize/prime"
)

func main() {
	if err := run(); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

func run() error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var answers message.Answers
	if err := answers.Decode(input); err != nil {
		return err
	}
	_, err = os.Stdout.Write(message.EncodeVerdict(rank(answers)))
	return err
}

// rank lists the right answers, then the wrong ones, each in the order given.
func rank(answers message.Answers) []message.Rank {
	var right, wrong []message.Rank
	for _, a := range answers.Answers {
		if isRight(answers.Request.N, a.Factors.Primes) {
			right = append(right, message.Rank{Node: a.Node, Score: 1, Valid: true})
		} else {
			wrong = append(wrong, message.Rank{Node: a.Node})
		}
	}
	return append(right, wrong...)
}

func isRight(n uint64, primes []uint64) bool {
	product, previous := uint64(1), uint64(0)
	for _, p := range primes {
		high, low := bits.Mul64(product, p)
		if high != 0 || p < previous || !prime.Is(p) {
			return false
		}
		product, previous = low, p
	}
	return product == n && n > 1
}
