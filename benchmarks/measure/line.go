package measure

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Line is what a benchmark prints: one line of JSON.
type Line struct {
	// Figure as in the table of README.md: P1, P2, …
	Figure     string         `json:"figure"`
	What       string         `json:"what"`
	Result     any            `json:"result"`
	Settings   map[string]any `json:"settings"`
	Conditions Conditions     `json:"conditions"`
}

// Print writes the line, and warns on standard error where its figures are of a busy machine.
func (l Line) Print(w io.Writer) error {
	if l.Conditions.IsBusy() {
		fmt.Fprintf(os.Stderr, "%s: the machine had a load of %.2f before: these figures are not to be published\n", l.Figure, l.Conditions.Load)
	}
	return json.NewEncoder(w).Encode(l)
}
