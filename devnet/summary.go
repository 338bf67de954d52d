package devnet

import (
	"fmt"
	"strings"

	"github.com/ain-network/aind/chain"
)

// Summary tells a person where the network is and how to use it.
func (n *Network) Summary() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	line("")
	line("The network is running. Ctrl-C stops it, `aind devnet` resumes it.")
	line("")
	for i, ports := range n.state.validators() {
		line("  %-7s RPC %s   REST http://%s   gRPC %s", numbered("chain", i+1, n.config.Validators), rpcOf(ports), loopback(ports.API), loopback(ports.GRPC))
	}
	line("  store   %s, for the spaces that `aind storage spaces --all` lists", n.gateway())
	line("  job     %s %s", n.Job(), jobName)
	if n.state.Custom != "" {
		line("  job     %s %s: %s", n.state.Custom, customJobName, n.customKinds())
	}
	line("  logs    %s", n.config.LogFolder())
	line("")
	for _, m := range n.config.members() {
		line("  %-12s %s  %s AIN, %s AIN at stake", m.name, n.state.Accounts[m.name], chain.FormatAmount(m.wallet), chain.FormatAmount(m.stake))
	}
	line("  (what they had at the start; the keys are under %s, not encrypted)", n.config.Home)
	line("")
	if validators := n.config.validators(); len(validators) > 1 {
		line("Clients and daemons ask chain-1, and the others while it does not answer. Blocks go on while fewer than a third of")
		line("the validators are down. One that ended is brought back by hand, the last for example with:")
		line("  %s", n.startLine(validators[len(validators)-1]))
		line("")
	}
	line("Try:")
	line("  aind --home %s requestJob '{job_id: %s, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}'", n.config.Client(), n.Job())
	if n.state.Custom != "" {
		line("  aind --home %s run hello.py", n.config.Client())
	}
	return b.String()
}

// customKinds says what can be run as one's own.
func (n *Network) customKinds() string {
	if n.images {
		return "your own scripts, WASM modules and images"
	}
	return "your own scripts and WASM modules; images, too, where a Docker engine answers"
}
