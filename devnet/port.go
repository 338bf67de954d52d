package devnet

import (
	"fmt"
	"net"
	"strconv"
)

// Ports that a network listens on, on the loopback interface only.
type Ports struct {
	RPC   int `json:"rpc"`
	P2P   int `json:"p2p"`
	GRPC  int `json:"grpc"`
	API   int `json:"api"`
	Store int `json:"store"`
}

// usualPorts are where people expect them.
var usualPorts = Ports{RPC: 26657, P2P: 26656, GRPC: 9090, API: 1317, Store: 9000}

// namedPort is a port and the flag that sets it.
type namedPort struct {
	flag string
	port *int
}

func (p *Ports) named() []namedPort {
	return []namedPort{{"rpc-port", &p.RPC}, {"p2p-port", &p.P2P}, {"grpc-port", &p.GRPC}, {"api-port", &p.API}, {"store-port", &p.Store}}
}

func (p Ports) validate() error {
	for _, n := range p.named() {
		if *n.port < 0 || *n.port > 65535 {
			return fmt.Errorf("%s %d: use 0 for a free one, or 1 to 65535", n.flag, *n.port)
		}
	}
	return nil
}

// choose picks the ports to listen on: those asked for, else those preferred where they are free, else any.
func (p Ports) choose(preferred Ports) (Ports, error) {
	asked, wished := p.named(), preferred.named()
	held := make([]net.Listener, 0, len(asked))
	// All are held until all are chosen, so that none is given twice.
	defer func() {
		for _, listener := range held {
			_ = listener.Close()
		}
	}()
	for i, n := range asked {
		listener, err := pick(*n.port, *wished[i].port)
		if err != nil {
			return p, fmt.Errorf("%s %d is in use: stop what listens there, or choose another: %w", n.flag, *n.port, err)
		}
		held = append(held, listener)
		*n.port = listener.Addr().(*net.TCPAddr).Port
	}
	return p, nil
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
