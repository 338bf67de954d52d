// Command probe tries what no program may do, and says how far it came. It runs in containers.
//
// An attempt is a small function that returns what it reached, or the error that stopped it. Each runs in a process of its own, so that none
// leaves anything behind for the next.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// order is what to try, and what the machine has that the attempts look for.
type order struct {
	Attempts []string
	HostFile string // a file of the machine's
	Socket   string // the engine's
	TCP      string // where a process of the machine listens
	UDP      string
	Abstract string
	Listen   string // where a process of the machine calls
	Host     string // the machine's name
	SHM      int    // key of a shared memory segment of the machine's
	Mark     string // in the command line of somebody else's process
	N        int64
}

// report is what one attempt came to.
type report struct {
	Reached string // when it succeeded
	Error   string // when it did not
	N       int64  // how much it got
}

var errNothing = errors.New("found nothing")

// attempts by name; the other files fill it.
var attempts = map[string]func(order) (string, error){}

func add(more map[string]func(order) (string, error)) map[string]func(order) (string, error) {
	for name, attempt := range more {
		attempts[name] = attempt
	}
	return more
}

func main() {
	if len(os.Args) > 1 {
		role(os.Args[1:])
		return
	}
	o, err := readOrder()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if attempt := alone[o.Attempts[0]]; attempt != nil {
		r := report{}
		if r.N, err = attempt(o); err != nil {
			r.Error = err.Error()
		}
		if o.Attempts[0] == "flood" {
			r.Reached = strings.Repeat("x", int(r.N))
		}
		text, err := json.Marshal(r)
		reply(string(text), err)
		return
	}
	reports := map[string]report{}
	for _, name := range o.Attempts {
		reports[name] = apart(name, o)
	}
	text, err := json.Marshal(reports)
	reply(string(text), err)
}

// role is what the probe does when it was started by itself, or by the machine as somebody else's container.
func role(args []string) {
	switch args[0] {
	case "attempt":
		var o order
		r := report{Error: "no such attempt"}
		if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
			r.Error = err.Error()
		} else if attempt := attempts[args[1]]; attempt != nil {
			reached, err := attempt(o)
			if r = (report{Reached: reached}); err != nil {
				r = report{Error: err.Error()}
			}
		}
		_ = json.NewEncoder(os.Stdout).Encode(r)
	case "sleep":
		time.Sleep(time.Hour)
	case "hold": // somebody else's container, with a process to find
		go listenToNeighbours()
		for {
			_ = exec.Command(self, "sleep", args[1]).Run()
		}
	case "root": // setuid, or with a capability
		fmt.Print(os.Geteuid(), " ", effective())
	}
}

const self = "/program"

// apart runs one attempt in a process of its own.
func apart(name string, o order) report {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	input, err := json.Marshal(o)
	if err != nil {
		return report{Error: err.Error()}
	}
	cmd := exec.CommandContext(ctx, self, "attempt", name)
	var words bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &words
	output, err := cmd.Output()
	var r report
	if json.Unmarshal(output, &r) != nil {
		r = report{Error: fmt.Sprintf("%v: %.300s", err, words.String())}
	}
	return r
}

// readOrder reads the request: the order is in its data.
func readOrder() (o order, err error) {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return o, err
	}
	for len(input) > 0 {
		field, kind, n := protowire.ConsumeTag(input)
		if n < 0 || n >= len(input) {
			return o, errors.New("request: cut short")
		}
		input = input[n:]
		if n = protowire.ConsumeFieldValue(field, kind, input); n < 0 {
			return o, protowire.ParseError(n)
		}
		if field == 3 {
			data, _ := protowire.ConsumeBytes(input)
			err = json.Unmarshal(data, &o)
		}
		input = input[n:]
	}
	if err == nil && len(o.Attempts) == 0 {
		err = errors.New("request: no attempt")
	}
	return o, err
}

func reply(text string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := protowire.AppendTag(nil, 1, protowire.BytesType)
	if _, err := os.Stdout.Write(protowire.AppendString(out, text)); err != nil {
		os.Exit(1)
	}
}
