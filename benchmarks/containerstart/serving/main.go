// Command serving gives back what it gets: by gRPC where a socket is named, else on standard input and output.
package main

import (
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

func main() {
	socket := os.Getenv("AIN_PROGRAM_SOCKET")
	if socket == "" {
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			log.Fatal(err)
		}
		return
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	echo := func(_ any, stream grpc.ServerStream) error {
		var message mem.BufferSlice
		if err := stream.RecvMsg(&message); err != nil {
			return err
		}
		return stream.SendMsg(message)
	}
	log.Fatal(grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(echo)).Serve(listener))
}

// raw leaves messages as they are.
type raw struct{}

// Marshal implements encoding.CodecV2.
func (raw) Marshal(v any) (mem.BufferSlice, error) { return v.(mem.BufferSlice), nil }

// Unmarshal implements encoding.CodecV2.
func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	data.Ref() // it is freed when this returns
	*v.(*mem.BufferSlice) = data
	return nil
}

// Name implements encoding.CodecV2.
func (raw) Name() string { return "proto" }
