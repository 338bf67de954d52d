// Command worker is the worker's program of the Calculate Root job in Go. It guesses as worker.py does. The same source becomes a WASM
// module, or a static program that goes into an image.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
)

const guesses = 2000

// fieldOne is how the first field of a message begins when it is a float.
const fieldOne = 1<<3 | 5

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	request, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	y, err := decode(request)
	if err != nil {
		return err
	}
	if y < 0 {
		return fmt.Errorf("y = %g: a negative number has no real root", y)
	}
	_, err = out.Write(encode(guess(float64(y), os.Getenv("AIN_SEED"))))
	return err
}

// guess draws numbers and keeps the one whose square comes closest. Equal seeds give equal guesses, in a container as well.
func guess(y float64, seed string) float32 {
	random := rand.New(rand.NewChaCha8(sha256.Sum256([]byte(seed))))
	highest := max(1, y) // below 1 a number is smaller than its root
	best := 0.0
	for range guesses {
		if x := random.Float64() * highest; math.Abs(y-x*x) < math.Abs(y-best*best) {
			best = x
		}
	}
	return float32(best)
}

// decode reads Request{float y = 1}. A message without the field says 0.
func decode(message []byte) (float32, error) {
	switch {
	case len(message) == 0:
		return 0, nil
	case len(message) != 5 || message[0] != fieldOne:
		return 0, errors.New("standard input is not a Request")
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(message[1:])), nil
}

// encode writes WorkerReply{float x = 1}.
func encode(x float32) []byte {
	if x == 0 {
		return nil
	}
	return binary.LittleEndian.AppendUint32([]byte{fieldOne}, math.Float32bits(x))
}
