// Package probing does what the conformance suite asks a program to: some of it no program should do.
package probing

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Request is testdata/probe.proto's.
type Request struct {
	Action, Path string
	N            int64
	Data         []byte
}

type reply struct {
	text  string
	n     int64
	data  []byte
	names []string
}

// Garbage is what a program that was asked for garbage panics with.
type Garbage string

// Decode reads a request.
func Decode(input []byte) Request {
	req, err := decode(input)
	if err != nil {
		fail(err)
	}
	return req
}

// Answer does what a request asks for, and returns the reply. A program that should not answer ends instead.
func Answer(input []byte) []byte {
	return encode(probe(Decode(input)))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// sink keeps memory that is eaten from being collected.
var sink [][]byte

func probe(req Request) reply {
	switch req.Action {
	case "echo":
		return reply{text: req.Path, n: req.N, data: req.Data}
	case "crash":
		fmt.Fprintln(os.Stderr, "about to crash")
		panic("crashed as asked")
	case "garbage":
		panic(Garbage("\xff\xffthis is not a reply"))
	case "flood":
		return reply{data: make([]byte, req.N)}
	case "spin":
		fmt.Fprintln(os.Stderr, "spinning")
		for n := req.N; ; n++ {
			if n < 0 {
				return reply{n: n}
			}
		}
	case "eat":
		for range req.N {
			sink = append(sink, bytes.Repeat([]byte{1}, 1<<20))
		}
		return reply{n: int64(len(sink))}
	case "log":
		fmt.Fprint(os.Stderr, "first ", strings.Repeat("x", int(req.N)), " last")
		return reply{}
	case "env":
		return reply{names: os.Environ()}
	case "random":
		data := make([]byte, 32)
		_, _ = rand.Read(data)
		return reply{data: data}
	case "clock":
		begin := time.Now()
		time.Sleep(time.Duration(req.N))
		return reply{text: begin.UTC().Format(time.DateOnly), n: int64(time.Since(begin))}
	case "read":
		data, err := os.ReadFile(req.Path)
		return reply{data: data, text: text(err)}
	case "list":
		entries, err := os.ReadDir(req.Path)
		out := reply{text: text(err)}
		for _, e := range entries {
			out.names = append(out.names, e.Name())
		}
		return out
	case "write":
		return reply{text: text(os.WriteFile(req.Path, req.Data, 0o644))}
	case "grow":
		f, err := os.Create(req.Path)
		if err == nil {
			_, err = f.WriteAt([]byte("end"), req.N)
		}
		return reply{text: text(err)}
	case "symlink":
		err := os.Symlink(string(req.Data), req.Path)
		return reply{text: text(err)}
	case "dial":
		_, err := net.DialTimeout("tcp", req.Path, time.Second)
		return reply{text: text(err)}
	case "exec":
		return reply{text: text(exec.Command(req.Path).Run())}
	}
	r, known := reach(req)
	if !known {
		fail(fmt.Errorf("unknown action %q", req.Action))
	}
	return r
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func decode(b []byte) (req Request, err error) {
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
			req.N, b = int64(v), b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return req, protowire.ParseError(n)
		}
		b = b[n:]
		switch field {
		case 1:
			req.Action = string(v)
		case 3:
			req.Data = v
		case 4:
			req.Path = string(v)
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
