// Command evaluator finds every reply valid, and the winner best that the request asks for. It speaks proto JSON.
package main

import (
	"encoding/json"
	"os"
)

func main() {
	var replies struct {
		Request struct{ Winner string }
		Workers []struct{ Node string }
	}
	if err := json.NewDecoder(os.Stdin).Decode(&replies); err != nil {
		fail(err)
	}
	var ranking struct {
		Node []string `json:"node"`
	}
	for _, worker := range replies.Workers {
		if worker.Node == replies.Request.Winner {
			ranking.Node = append([]string{worker.Node}, ranking.Node...)
		} else {
			ranking.Node = append(ranking.Node, worker.Node)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(ranking); err != nil {
		fail(err)
	}
}

func fail(err error) {
	os.Stderr.WriteString(err.Error() + "\n")
	os.Exit(1)
}
