package nat_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/ain-network/aind/tests/harness"
)

// A home behind a router: packets of the home leave under the router's public address, and nothing gets in that the home
// has not asked for.
//
//	chain, store (this machine) ── 10.213.1.0/24 ── router ── 10.213.2.0/24 ── home
const (
	chainIP      = "10.213.1.1"
	publicIP     = "10.213.1.2"
	nextPublicIP = "10.213.1.3"
	routerIP     = "10.213.2.1"
	homeIP       = "10.213.2.2"
	nextHomeIP   = "10.213.2.9"
)

type topology struct {
	t            *testing.T
	router, home string // namespaces
	link         string // this machine's end
}

// buildTopology needs root and the commands ip and nft. Everything is gone when the test ends.
func buildTopology(t *testing.T) *topology {
	t.Helper()
	if os.Geteuid() != 0 {
		harness.RequireReal(t, "root, to make network namespaces")
	}
	for _, command := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(command); err != nil {
			harness.RequireReal(t, "the command "+command)
		}
	}
	id := os.Getpid() % 100000
	net := &topology{
		t: t, router: fmt.Sprintf("ain-router-%d", id), home: fmt.Sprintf("ain-home-%d", id), link: fmt.Sprintf("ain%d", id),
	}
	for _, namespace := range []string{net.router, net.home} {
		net.run("ip", "netns", "add", namespace)
		t.Cleanup(func() {
			if said, err := exec.Command("ip", "netns", "del", namespace).CombinedOutput(); err != nil {
				t.Errorf("delete %s: %v: %s", namespace, err, said)
			}
		})
	}
	net.run("ip", "link", "add", net.link, "type", "veth", "peer", "name", "public", "netns", net.router)
	net.run("ip", "addr", "add", chainIP+"/24", "dev", net.link)
	net.run("ip", "link", "set", net.link, "up")
	net.inRouter("ip", "addr", "add", publicIP+"/24", "dev", "public")
	net.inRouter("ip", "link", "set", "public", "up")
	net.inRouter("ip", "link", "add", "private", "type", "veth", "peer", "name", "lan", "netns", net.home)
	net.inRouter("ip", "addr", "add", routerIP+"/24", "dev", "private")
	net.inRouter("ip", "link", "set", "private", "up")
	net.inRouter("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
	net.inRouter("nft", "add", "table", "ip", "nat")
	net.inRouter("nft", "add", "chain", "ip", "nat", "out", "{ type nat hook postrouting priority 100 ; }")
	net.inRouter("nft", "add", "rule", "ip", "nat", "out", "oifname", "public", "masquerade")
	net.inRouter("nft", "add", "table", "ip", "filter")
	net.inRouter("nft", "add", "chain", "ip", "filter", "through", "{ type filter hook forward priority 0 ; policy drop ; }")
	net.inRouter("nft", "add", "rule", "ip", "filter", "through", "iifname", "private", "accept")
	net.inRouter("nft", "add", "rule", "ip", "filter", "through", "ct", "state", "established,related", "accept")
	net.inHome("ip", "link", "set", "lo", "up")
	net.inHome("ip", "addr", "add", homeIP+"/24", "dev", "lan")
	net.inHome("ip", "link", "set", "lan", "up")
	net.inHome("ip", "route", "add", "default", "via", routerIP)
	return net
}

// cut takes the line between the router and the rest of the world away, without a word to anybody.
func (n *topology) cut() { n.inRouter("ip", "link", "set", "public", "down") }

// restore brings the line back under other addresses, as a provider does after a night.
func (n *topology) restore() {
	n.inRouter("ip", "addr", "del", publicIP+"/24", "dev", "public")
	n.inRouter("ip", "addr", "add", nextPublicIP+"/24", "dev", "public")
	n.inHome("ip", "addr", "add", nextHomeIP+"/24", "dev", "lan")
	n.inHome("ip", "addr", "del", homeIP+"/24", "dev", "lan")
	n.inHome("ip", "addr", "replace", nextHomeIP+"/24", "dev", "lan")
	n.inHome("ip", "route", "replace", "default", "via", routerIP)
	n.inRouter("ip", "link", "set", "public", "up")
}

func (n *topology) inRouter(command ...string) {
	n.t.Helper()
	n.run(append([]string{"ip", "netns", "exec", n.router}, command...)...)
}

func (n *topology) inHome(command ...string) {
	n.t.Helper()
	n.run(append([]string{"ip", "netns", "exec", n.home}, command...)...)
}

func (n *topology) run(command ...string) {
	n.t.Helper()
	if said, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		n.t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, said)
	}
}

// expose makes a port of this machine's loopback reachable at the chain's address, and returns where.
func expose(t *testing.T, target string) string {
	t.Helper()
	listener, err := net.Listen("tcp", chainIP+":0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		served sync.WaitGroup
		mu     sync.Mutex
		open   []net.Conn
	)
	served.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", target)
			if err != nil {
				_ = from.Close()
				continue
			}
			mu.Lock()
			open = append(open, from, to)
			mu.Unlock()
			served.Go(func() { pipe(from, to) })
			served.Go(func() { pipe(to, from) })
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		served.Wait()
	})
	return listener.Addr().String()
}

// pipe copies until either end is gone, and then ends both.
func pipe(to, from net.Conn) {
	if _, err := io.Copy(to, from); err != nil && !errors.Is(err, net.ErrClosed) {
		_ = from.Close()
	}
	_ = to.Close()
}
