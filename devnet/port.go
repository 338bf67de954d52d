package devnet

import (
	"fmt"
	"net"
	"strconv"
)

// NodePorts that a node of the chain listens on, on the loopback interface only.
type NodePorts struct {
	RPC  int `json:"rpc"`
	P2P  int `json:"p2p"`
	GRPC int `json:"grpc"`
	API  int `json:"api"`
}

// Ports of the first validator, which people and daemons talk to, and of the store: the gateway, which they talk to, and S3, where its links
// lead.
type Ports struct {
	NodePorts
	Store   int `json:"store"`
	Gateway int `json:"gateway"`
}

// usualPorts are where people expect them.
var usualPorts = Ports{NodePorts: NodePorts{RPC: 26657, P2P: 26656, GRPC: 9090, API: 1317}, Store: 9000, Gateway: 9001}

// namedPort is a port and the flag that sets it.
type namedPort struct {
	flag string
	port *int
}

func (p *NodePorts) named() []namedPort {
	return []namedPort{{"rpc-port", &p.RPC}, {"p2p-port", &p.P2P}, {"grpc-port", &p.GRPC}, {"api-port", &p.API}}
}

func (p *Ports) named() []namedPort {
	return append(p.NodePorts.named(), namedPort{"store-port", &p.Store}, namedPort{"gateway-port", &p.Gateway})
}

func (p Ports) validate() error {
	for _, n := range p.named() {
		if *n.port < 0 || *n.port > 65535 {
			return fmt.Errorf("%s %d: use 0 for a free one, or 1 to 65535", n.flag, *n.port)
		}
	}
	return nil
}

// chosen ports are held until they are all chosen, so that none is given twice.
type chosen []net.Listener

// release lets the network listen on them.
func (c *chosen) release() {
	for _, listener := range *c {
		_ = listener.Close()
	}
	*c = nil
}

// choose sets ports that are 0 to those preferred where they are free, else to any. Those asked for must be free.
func (c *chosen) choose(asked, preferred []namedPort) error {
	for i, n := range asked {
		listener, err := pick(*n.port, *preferred[i].port)
		if err != nil {
			return fmt.Errorf("%s %d is in use: stop what listens there, or choose another: %w", n.flag, *n.port, err)
		}
		*c = append(*c, listener)
		*n.port = listener.Addr().(*net.TCPAddr).Port
	}
	return nil
}

// pick listens on the port asked for, or else on the preferred one, or else on any.
func pick(asked, preferred int) (net.Listener, error) {
	if asked != 0 {
		return listen(asked)
	}
	if listener, err := listen(preferred); err == nil {
		return listener, nil
	}
	return listen(0)
}

func listen(port int) (net.Listener, error) { return net.Listen("tcp", loopback(port)) }

// loopback is host:port of a port on this machine.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
