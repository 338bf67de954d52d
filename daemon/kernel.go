package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/ain-network/aind/sandbox"
)

// kernelRounds of the measured loop: each multiplies, adds, subtracts and compares 64 bit numbers.
const kernelRounds = 100_000_000

// measure runs a small WASM program and returns how many millions of rounds of its loop this machine does in a second.
func (c Config) measure(ctx context.Context) (int64, error) {
	dir, err := os.MkdirTemp("", "aind-doctor-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the system's folder for what is temporary
	module := kernelModule(kernelRounds)
	file := filepath.Join(dir, "kernel.wasm")
	if err := os.WriteFile(file, module, 0o600); err != nil {
		return 0, err
	}
	box, err := sandbox.New(sandbox.Config{CacheDir: filepath.Join(dir, "cache"), ChildPath: c.Sandbox.Child, MaxChildren: 1})
	if err != nil {
		return 0, err
	}
	defer func() { _ = box.Close() }() // what was measured is measured
	schema, err := proto.Marshal(kernelSchema())
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(module)
	p := sandbox.Program{
		Kind: sandbox.KindWASM, Digest: "sha256:" + hex.EncodeToString(sum[:]), File: file, Schema: schema, Service: "Kernel", Method: "Run",
	}
	if err := box.Prepare(ctx, p); err != nil {
		return 0, err
	}
	result, err := box.Run(ctx, sandbox.Run{Program: p})
	if err != nil {
		return 0, fmt.Errorf("measure: %w", err)
	}
	return kernelRounds / max(1, result.Wall.Microseconds()), nil
}

// kernelSchema is that of a program with an empty question and an empty reply.
func kernelSchema() *descriptorpb.FileDescriptorSet {
	empty := ".Nothing"
	return &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("kernel.proto"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Nothing")}},
		Service: []*descriptorpb.ServiceDescriptorProto{{
			Name: proto.String("Kernel"), Method: []*descriptorpb.MethodDescriptorProto{{Name: proto.String("Run"), InputType: &empty, OutputType: &empty}},
		}},
	}}}
}

// kernelModule is a WASM command that goes round a loop and writes nothing.
func kernelModule(rounds int64) []byte {
	body := []byte{1, 2, 0x7e, 0x42} // two 64 bit numbers: rounds left, and the value; i64.const
	body = appendLEB(body, rounds)
	body = append(body, 0x21, 0, 0x03, 0x40) // local.set 0; loop
	body = append(body, 0x20, 1, 0x42)       // value * 25214903917 + 11
	body = append(appendLEB(body, 25214903917), 0x7e, 0x42, 11, 0x7c, 0x21, 1)
	body = append(body, 0x20, 0, 0x42, 1, 0x7d, 0x22, 0)    // one round less
	body = append(body, 0x50, 0x45, 0x0d, 0, 0x0b)          // again, unless it was the last
	body = append(body, 0x41, 0, 0x20, 1, 0x37, 3, 0, 0x0b) // the value is stored, so that nobody may leave it out
	m := []byte{0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 1}
	exports := append(append([]byte{2, 6}, "memory"...), 2, 0, 6)
	exports = append(append(exports, "_start"...), 0, 0)
	m = append(append(m, 7, byte(len(exports))), exports...)
	return append(append(m, 10, byte(len(body)+2), 1, byte(len(body))), body...)
}

// appendLEB appends a number in signed LEB128.
func appendLEB(b []byte, n int64) []byte {
	for {
		low := byte(n & 0x7f)
		n >>= 7
		if n == 0 && low&0x40 == 0 || n == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}
