// Command evaluator finds every reply valid, in the order given. It speaks proto JSON.
package main

import (
	"encoding/json"
	"os"
)

func main() {
	var replies struct{ Workers []struct{ Node string } }
	if err := json.NewDecoder(os.Stdin).Decode(&replies); err != nil {
		fail(err)
	}
	var ranking struct {
		Node []string `json:"node"`
	}
	for _, worker := range replies.Workers {
		ranking.Node = append(ranking.Node, worker.Node)
	}
	if err := json.NewEncoder(os.Stdout).Encode(ranking); err != nil {
		fail(err)
	}
}

func fail(err error) {
	os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(1)
}
