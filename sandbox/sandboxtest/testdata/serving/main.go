// Command serving answers the conformance suite by gRPC, and misbehaves in the ways in which only a program that stays can.
//
// Its one argument says how it begins: silent never listens, mute listens and never answers, babble answers what is not gRPC, chatty answers
// more than one message. Anything else makes another image of the same program.
package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ain-network/aind/sandbox/sandboxtest/testdata/probing"
)

// name of this process, which no other has, and how often it was called.
var (
	name  = hex.EncodeToString(fmt.Appendf(nil, "%x", rand.Uint64()))
	calls uint64
	sink  [][]byte
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "stay" {
		stay(os.Args[2])
	}
	how := strings.Join(os.Args[1:], " ")
	switch how {
	case "silent", "sleep":
		time.Sleep(time.Hour)
	case "refuse":
		fmt.Fprintln(os.Stderr, "refusing to start")
		os.Exit(3)
	}
	listener, err := net.Listen("unix", os.Getenv("AIN_PROGRAM_SOCKET"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	switch how {
	case "mute":
		time.Sleep(time.Hour)
	case "babble":
		babble(listener)
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		var input []byte
		if err := stream.RecvMsg(&input); err != nil {
			return err
		}
		reply, err := answer(stream.Context(), input)
		if err != nil {
			return err
		}
		if how == "chatty" {
			if err := stream.SendMsg(reply); err != nil {
				return err
			}
		}
		return stream.SendMsg(reply)
	}))
	fmt.Fprintln(os.Stderr, server.Serve(listener))
}

// babble answers everybody with what is no HTTP.
func babble(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			for range 1000 {
				if _, err := conn.Write([]byte("220 this is not the protocol that you look for\r\n")); err != nil {
					return
				}
			}
		}()
	}
}

func answer(ctx context.Context, input []byte) (reply []byte, err error) {
	calls++
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case probing.Garbage:
			reply = []byte(problem)
		default:
			panic(problem)
		}
	}()
	switch request := probing.Decode(input); request.Action {
	case "who":
		return text(name, calls), nil
	case "env":
		return names(ctx), nil
	case "status":
		return nil, status.Error(codes.FailedPrecondition, "as asked, 100 % — übrigens")
	case "fork":
		child := exec.Command("/proc/self/exe", "sleep")
		return text(name, calls), child.Start()
	case "keep":
		for range request.N {
			sink = append(sink, []byte(strings.Repeat("x", 1<<20)))
		}
		return text(name, calls), nil
	case "leave":
		time.AfterFunc(time.Millisecond, func() { os.Exit(0) })
		return text(name, calls), nil
	case "once":
		if calls > 1 {
			fmt.Fprintln(os.Stderr, "worn out")
			os.Exit(7)
		}
		return text(name, calls), nil
	case "say":
		fmt.Println(request.Path)
		return text(name, calls), nil
	case "segment":
		sent, _ := metadata.FromIncomingContext(ctx)
		state, err := os.ReadFile("/ain/in/state")
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		return text(string(state), calls), os.WriteFile("/ain/out/state", []byte(string(state)+strings.Join(sent["ain-segment"], " ")+";"), 0o600)
	case "abandon": // something for the next call
		if err := leave(request.Path); err != nil {
			return text(err.Error(), 0), nil
		}
		return text("", calls), nil
	case "find":
		found, err := find(request.Path)
		if err != nil {
			return text(err.Error(), 0), nil
		}
		return text(found, calls), nil
	case "shut":
		err := os.MkdirAll("/tmp/shut/inside", 0o700)
		if err == nil {
			err = os.Chmod("/tmp/shut", 0)
		}
		return text(name, calls), err
	}
	return probing.Answer(input), nil
}

// text is a reply.
func text(s string, n uint64) []byte {
	b := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), s)
	return protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), n)
}

// names are this process's variables, and the call's as others see them.
func names(ctx context.Context) (b []byte) {
	all := os.Environ()
	sent, _ := metadata.FromIncomingContext(ctx)
	for name, values := range sent {
		if strings.HasPrefix(name, "ain-") {
			all = append(all, strings.ReplaceAll(strings.ToUpper(name), "-", "_")+"="+values[0])
		}
	}
	for _, name := range all {
		b = protowire.AppendString(protowire.AppendTag(b, 4, protowire.BytesType), name)
	}
	return b
}
