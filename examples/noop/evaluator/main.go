// Command evaluator is the evaluator's program of the no-op job: every worker is valid, in the order given.
package main

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// A field of bytes with number n starts with the byte n<<3|2 in proto binary; no message of this job has others.
const (
	tagNode    = 1<<3 | 2 // Reply.node
	tagWorkers = 2<<3 | 2 // Replies.workers
	tagNodes   = 1<<3 | 2 // Ranking.nodes
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = accept(os.Stdout, input)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

// accept writes the nodes of a Replies message as a Ranking.
func accept(w io.Writer, replies []byte) error {
	var ranking []byte
	err := fields(replies, func(tag byte, reply []byte) error {
		if tag != tagWorkers {
			return nil
		}
		var node []byte // a field left out is empty
		err := fields(reply, func(tag byte, value []byte) error {
			if tag == tagNode {
				node = value
			}
			return nil
		})
		ranking = append(binary.AppendUvarint(append(ranking, tagNodes), uint64(len(node))), node...)
		return err
	})
	if err != nil {
		return err
	}
	_, err = w.Write(ranking)
	return err
}

func fields(b []byte, f func(tag byte, value []byte) error) error {
	for len(b) > 0 {
		size, n := binary.Uvarint(b[1:])
		if n <= 0 || size > uint64(len(b)-1-n) {
			return errors.New("input is not a Replies message")
		}
		end := 1 + n + int(size)
		if err := f(b[0], b[1+n:end]); err != nil {
			return err
		}
		b = b[end:]
	}
	return nil
}
