// Command probe does what the conformance suite asks it to: some of it no program should do.
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

type request struct {
	action, path string
	n            int64
	data         []byte
}

type reply struct {
	text  string
	n     int64
	data  []byte
	names []string
}

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	req, err := decode(input)
	if err != nil {
		fail(err)
	}
	out := probe(req)
	if _, err := os.Stdout.Write(encode(out)); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// sink keeps memory that is eaten from being collected.
var sink [][]byte

func probe(req request) reply {
	switch req.action {
	case "echo":
		return reply{text: req.path, n: req.n, data: req.data}
	case "crash":
		fmt.Fprintln(os.Stderr, "about to crash")
		panic("crashed as asked")
	case "garbage":
		_, _ = os.Stdout.WriteString("\xff\xffthis is not a reply")
		os.Exit(0)
	case "flood":
		return reply{data: make([]byte, req.n)}
	case "spin":
		fmt.Fprintln(os.Stderr, "spinning")
		for n := req.n; ; n++ {
			if n < 0 {
				return reply{n: n}
			}
		}
	case "eat":
		for range req.n {
			sink = append(sink, bytes.Repeat([]byte{1}, 1<<20))
		}
		return reply{n: int64(len(sink))}
	case "log":
		fmt.Fprint(os.Stderr, "first ", strings.Repeat("x", int(req.n)), " last")
		return reply{}
	case "env":
		return reply{names: os.Environ()}
	case "random":
		data := make([]byte, 32)
		_, _ = rand.Read(data)
		return reply{data: data}
	case "clock":
		begin := time.Now()
		time.Sleep(time.Duration(req.n))
		return reply{text: begin.UTC().Format(time.DateOnly), n: int64(time.Since(begin))}
	case "read":
		data, err := os.ReadFile(req.path)
		return reply{data: data, text: text(err)}
	case "list":
		entries, err := os.ReadDir(req.path)
		out := reply{text: text(err)}
		for _, e := range entries {
			out.names = append(out.names, e.Name())
		}
		return out
	case "write":
		return reply{text: text(os.WriteFile(req.path, req.data, 0o644))}
	case "grow":
		f, err := os.Create(req.path)
		if err == nil {
			_, err = f.WriteAt([]byte("end"), req.n)
		}
		return reply{text: text(err)}
	case "symlink":
		err := os.Symlink(string(req.data), req.path)
		return reply{text: text(err)}
	case "dial":
		_, err := net.DialTimeout("tcp", req.path, time.Second)
		return reply{text: text(err)}
	case "exec":
		return reply{text: text(exec.Command(req.path).Run())}
	}
	fail(fmt.Errorf("unknown action %q", req.action))
	return reply{}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func decode(b []byte) (req request, err error) {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return req, protowire.ParseError(n)
		}
		b = b[n:]
		if kind == protowire.VarintType {
			v, n := protowire.ConsumeVarint(b)
			if n < 0 {
				return req, protowire.ParseError(n)
			}
			req.n, b = int64(v), b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return req, protowire.ParseError(n)
		}
		b = b[n:]
		switch field {
		case 1:
			req.action = string(v)
		case 3:
			req.data = v
		case 4:
			req.path = string(v)
		}
	}
	return req, nil
}

func encode(r reply) (b []byte) {
	b = protowire.AppendString(protowire.AppendTag(b, 1, protowire.BytesType), r.text)
	b = protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), uint64(r.n))
	b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), r.data)
	for _, name := range r.names {
		b = protowire.AppendString(protowire.AppendTag(b, 4, protowire.BytesType), name)
	}
	return b
}
