package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// reasons are the survivors that were looked at: the key of each, and why no test can notice it.
type reasons map[string]string

// readReasons reads lines `key :: reason`; empty lines and those that begin with # are prose.
func readReasons(path string) (reasons, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	known := reasons{}
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, reason, ok := strings.Cut(line, " :: ")
		switch {
		case !ok || strings.TrimSpace(reason) == "":
			return nil, fmt.Errorf("%s:%d: not `<survivor> :: <reason>`: %s", path, number, line)
		case known[key] != "":
			return nil, fmt.Errorf("%s:%d: explained twice: %s", path, number, key)
		}
		known[key] = reason
	}
	return known, lines.Err()
}

// unknown lists explanations of places that are not there, among packages that were read.
func (r reasons) unknown(places []*mutant) []string {
	there, read := map[string]bool{}, map[string]bool{}
	for _, p := range places {
		there[p.key()] = true
		read[p.code.path] = true
	}
	var stale []string
	for key := range r {
		if path, _, _ := strings.Cut(key, " "); read[path] && !there[key] {
			stale = append(stale, key)
		}
	}
	slices.Sort(stale)
	return stale
}

// tally counts what became of the mutants of one operator.
type tally struct{ killed, explained, survived, uncompiled int }

func (t *tally) add(r result, known bool) {
	switch {
	case r.outcome == killed:
		t.killed++
	case r.outcome == uncompiled:
		t.uncompiled++
	case known:
		t.explained++
	default:
		t.survived++
	}
}

// report prints the table and the line of JSON, and fails if a survivor has no reason.
func report(out io.Writer, o options, places int, results []result, known reasons) error {
	var total tally
	operators := map[string]*tally{}
	var unexplained []string
	for _, r := range results {
		reason := known[r.mutant.key()]
		if operators[r.mutant.operator] == nil {
			operators[r.mutant.operator] = &tally{}
		}
		operators[r.mutant.operator].add(r, reason != "")
		total.add(r, reason != "")
		if r.outcome == survived && reason == "" {
			unexplained = append(unexplained, r.mutant.key())
		}
	}
	names := make([]string, 0, len(operators))
	for name := range operators {
		names = append(names, name)
	}
	slices.Sort(names)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "operator\tkilled\tsurvived\texplained\tdid not compile\t")
	for _, name := range names {
		t := operators[name]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", name, t.killed, t.survived, t.explained, t.uncompiled)
	}
	fmt.Fprintf(table, "all\t%d\t%d\t%d\t%d\t\n", total.killed, total.survived, total.explained, total.uncompiled)
	if err := table.Flush(); err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(map[string]any{
		"seed": o.seed, "places": places, "mutants": total.killed + total.survived + total.explained,
		"killed": total.killed, "survived": total.survived, "explained": total.explained, "did_not_compile": total.uncompiled,
		"caught_percent": total.caught(),
	}); err != nil {
		return err
	}
	if len(unexplained) > 0 {
		return errors.New("no test notices these; write one, or say in " + o.explained + " why none could:\n" + strings.Join(unexplained, "\n"))
	}
	return nil
}

// caught is the share of the mutants that tests killed, of all that change anything.
func (t tally) caught() string {
	all := t.killed + t.survived
	if all == 0 {
		return "-"
	}
	permille := t.killed * 1000 / all
	return fmt.Sprintf("%d.%d", permille/10, permille%10)
}
