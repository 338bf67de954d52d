package escape_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ain-network/aind/sandbox"
)

// inReach are the attempts of a program that may reach the chain and the store: to reach something else by it, or more than it may. Each has a
// container for itself.
var inReach = []attempt{
	{name: "reach-tcp", tried: "connect to another port of the machine's loopback", stops: []string{"own network"}, told: "connection refused"},
	{name: "reach-dns", tried: "ask a name server of the machine's", stops: []string{"own network"}, told: "connection refused"},
	{name: "reach-metadata", tried: "find a way to 169.254.169.254, where clouds tell secrets", stops: []string{"own network"}, told: "network is unreachable"},
	{name: "reach-abstract", tried: "connect to an abstract socket of the machine's", stops: []string{"own network"}, told: "connection refused"},
	{name: "reach-engine", tried: "talk to the engine", stops: []string{"no socket of engine", "user"}, told: noFile},
	{name: "reach-neighbour", tried: "connect to somebody else's container", stops: []string{"network of nobody else's"}, told: "connection refused"},
	{name: "reach-proxy", tried: "have the store's way lead elsewhere, as by a proxy", stops: []string{"places by name"}, told: "EOF"},
	{name: "reach-many", tried: "hold more connections than allowed", stops: []string{"connections"}, told: "4 of 8", n: 8},
	{name: "reach-sent", tried: "send more than allowed", stops: []string{"bytes sent"}, told: "connection reset", n: 4 * mib},
	{name: "reach-received", tried: "receive more than allowed", stops: []string{"bytes received"}, told: "connection reset", n: 4 * mib},
	{name: "reach-silence", tried: "hold a connection in silence", stops: []string{"silence"}, told: "reset", n: int64(time.Second)},
}

// reaches says whether an attempt is one of a program that may reach something.
func reaches(name string) bool { return strings.HasPrefix(name, "reach-") }

// ways are what an attempt may reach without the defences.
func (w *world) ways(name string, off []string) sandbox.Network {
	to := func(address string) func(context.Context) (net.Conn, error) {
		return func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", address) }
	}
	n := sandbox.Network{
		Ways: []sandbox.Way{
			{Place: "chain", Variable: "AIN_CHAIN", Prefix: "http://", Dial: to(w.store)},
			{Place: "storage", Variable: "AIN_STORAGE", Dial: to(w.store)},
		},
		Connections: 4, SentBytes: mib, ReceivedBytes: mib, Idle: 300 * time.Millisecond,
	}
	if name == "reach-many" {
		n.Idle = time.Minute // else those that it holds make room
	}
	for _, name := range off {
		switch name {
		case "places by name":
			n.Ways[1].Dial = to(w.proxy)
		case "connections":
			n.Connections = 64
		case "bytes sent":
			n.SentBytes = 64 * mib
		case "bytes received":
			n.ReceivedBytes = 64 * mib
		case "silence":
			n.Idle = time.Minute
		}
	}
	return n
}

// shop is a store that does what its visitors' first word says.
func shop(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	word, _ := r.ReadString('\n')
	switch word {
	case "pour\n":
		n, err := io.Copy(io.Discard, r)
		if err == nil {
			_, _ = fmt.Fprintln(conn, n)
		}
	case "drink\n":
		for buf := make([]byte, 64<<10); ; {
			if _, err := conn.Write(buf); err != nil {
				return
			}
		}
	case "hold\n":
		_, _ = conn.Write([]byte("!"))
		if _, err := r.ReadByte(); err == nil {
			_, _ = conn.Write([]byte("?"))
		}
	}
}

// lead is a proxy: it makes connections to where its visitors want to.
func lead(conn net.Conn) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect {
		return
	}
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		return
	}
	defer there.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(there, conn) }()
	_, _ = io.Copy(conn, there)
}

// visited serves whoever comes, and returns where.
func visited(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return l.Addr().String()
}
