package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// chainID of every devnet.
const chainID = "ain-devnet-1"

// Options of a network.
type Options struct {
	Validators, Workers, Evaluators int // 0: one
}

// Network is a running `aind devnet`.
type Network struct {
	Home string

	options Options
	ports   map[string]int
	process *Process
	state   devnetState
	// validators that the test runs itself, by their number.
	validators map[int]*Process
	http       http.Client
}

// devnetState is what a devnet notes about itself.
type devnetState struct {
	// Others are the ports of the second validator and of all after it.
	Others []struct {
		RPC int `json:"rpc"`
		API int `json:"api"`
	} `json:"others"`
	Accounts map[string]string `json:"accounts"`
	Job      string            `json:"job"`
}

// StartNetwork runs a network of the test's own, in a new folder. It is stopped when the test ends, nothing of it may be
// left then, and its logs are shown if the test failed.
func StartNetwork(t testing.TB, options Options) *Network {
	t.Helper()
	n, err := OpenNetwork(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(n.Logs())
		}
	})
	return n
}

// OpenNetwork runs a network in a folder and returns when all its nodes are at work.
func OpenNetwork(home string, options Options) (*Network, error) {
	options.Validators, options.Workers, options.Evaluators = max(1, options.Validators), max(1, options.Workers), max(1, options.Evaluators)
	ports, err := freePorts("rpc", "p2p", "grpc", "api", "store", "gateway")
	if err != nil {
		return nil, err
	}
	n := &Network{Home: home, options: options, ports: ports, http: http.Client{Timeout: 20 * time.Second}, validators: map[int]*Process{}}
	if err := n.Resume(); err != nil {
		return nil, errors.Join(err, errors.New(n.Logs()), n.Close())
	}
	return n, nil
}

// freePorts are ports that nobody listens on now. They are free again when they are used, so another process may be
// faster: the network then fails to start, and says so.
func freePorts(names ...string) (map[string]int, error) {
	ports := map[string]int{}
	for _, name := range names {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }()
		ports[name] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// Resume runs the network in its folder, for the first time or again.
func (n *Network) Resume() error {
	args := []string{
		"devnet", "--home", n.Home, "--check-invariants",
		"--validators", strconv.Itoa(n.options.Validators), "--workers", strconv.Itoa(n.options.Workers), "--evaluators", strconv.Itoa(n.options.Evaluators),
	}
	for name, port := range n.ports {
		args = append(args, "--"+name+"-port", strconv.Itoa(port))
	}
	var err error
	if n.process, err = Start("devnet", filepath.Join(n.Home, "devnet.log"), nil, args...); err != nil {
		return err
	}
	return await("the network runs", Patience, func() error {
		if n.process.Dead() {
			return fmt.Errorf("it has ended: %s", n.process.tail())
		}
		return n.ready()
	})
}

func (n *Network) ready() error {
	text, err := os.ReadFile(filepath.Join(n.Home, "devnet.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &n.state); err != nil {
		return err
	}
	if n.state.Job == "" {
		return errors.New("no job is registered")
	}
	stats, err := n.Stats(1)
	if err != nil {
		return err
	}
	if stats.RunningEvaluators != n.options.Evaluators || stats.RunningWorkers != n.options.Workers {
		return fmt.Errorf("%+v", stats)
	}
	return nil
}

// Stop stops the network as Ctrl-C does. It can be resumed.
func (n *Network) Stop() error {
	if err := errors.Join(n.process.Stop(), n.stopValidators()); err != nil {
		return err
	}
	return AwaitNoneLeft(n.Home)
}

// KillAll ends every process of the network at once, as a power cut does.
func (n *Network) KillAll() error {
	n.process.Kill()
	for _, p := range n.validators {
		p.Kill()
	}
	return AwaitNoneLeft(n.Home)
}

// Close stops the network for good, and fails if anything is left of it.
func (n *Network) Close() error {
	var err error
	if n.process != nil && !n.process.Dead() {
		err = n.process.Stop()
	}
	return errors.Join(err, n.stopValidators(), AwaitNoneLeft(n.Home))
}

// Logs are the ends of all logs.
func (n *Network) Logs() string {
	logs := "devnet: " + tail(filepath.Join(n.Home, "devnet.log"))
	paths, _ := filepath.Glob(filepath.Join(n.Home, "logs", "*.log")) // the pattern is right
	for _, path := range paths {
		logs += "\n== " + filepath.Base(path) + ":\n" + tail(path)
	}
	return logs
}

// RPC is the chain's endpoint for clients and daemons.
func (n *Network) RPC() string { return "http://" + n.address("rpc") }

// REST is the chain's endpoint for scripts.
func (n *Network) REST() string { return "http://" + n.address("api") }

// GRPC is the chain's endpoint for programs that speak gRPC.
func (n *Network) GRPC() string { return n.address("grpc") }

func (n *Network) address(port string) string { return fmt.Sprintf("127.0.0.1:%d", n.ports[port]) }

// Job that the network was started with, as 0x1.
func (n *Network) Job() string { return n.state.Job }

// Account is the address of a member: client, treasury, admin, evaluator, worker, worker-1, ….
func (n *Network) Account(t testing.TB, name string) string {
	t.Helper()
	address, ok := n.state.Accounts[name]
	if !ok {
		t.Fatalf("the network has no account %s", name)
	}
	return address
}

// Folder of a member.
func (n *Network) Folder(name string) string { return filepath.Join(n.Home, name) }

// Client runs a command as the network's client.
func (n *Network) Client(t testing.TB, args ...string) Result {
	t.Helper()
	return Command{Args: withFlags(args, "--home", n.Folder("client"))}.Run(t)
}

// withFlags adds flags before the words that are another program's.
func withFlags(args []string, flags ...string) []string {
	at := slices.Index(args, "--")
	if at < 0 {
		at = len(args)
	}
	return slices.Concat(args[:at], flags, args[at:])
}

// ClientJSON runs a command as the network's client, which must succeed, and reads the JSON that it prints.
func (n *Network) ClientJSON(t testing.TB, answer any, args ...string) {
	t.Helper()
	result := n.Client(t, withFlags(args, "--output", "json")...)
	if result.Code != 0 {
		t.Fatalf("aind %q: %s", args, result)
	}
	if err := json.Unmarshal([]byte(result.Out), answer); err != nil {
		t.Fatalf("aind %q: %s: %s", args, err, result)
	}
}

// KillMember ends a process of the network, told by its command, as by kill -9.
func (n *Network) KillMember(command string) error {
	return n.kill(command, n.Home+"/")
}

// kill ends what runs a command on a folder that begins so.
func (n *Network) kill(command, folder string) error {
	left, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	killed := 0
	for _, path := range left {
		cmdline, _ := os.ReadFile(path) // it may be gone
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || !isMember(cmdline, command, folder) {
			continue
		}
		if err := syscall.Kill(id, syscall.SIGKILL); err != nil {
			return err
		}
		killed++
	}
	if killed == 0 {
		return fmt.Errorf("nothing runs %s in %s", command, folder)
	}
	return nil
}

// Height of the newest block.
func (n *Network) Height() (int64, error) {
	var answer struct {
		Block struct {
			Header struct {
				Height int64 `json:"height,string"`
			}
		}
	}
	err := n.Get("/cosmos/base/tendermint/v1beta1/blocks/latest", &answer)
	return answer.Block.Header.Height, err
}

// isMember tells whether a command line is `aind <command> --home <folder>…`.
func isMember(cmdline []byte, command, folder string) bool {
	words := strings.Split(string(cmdline), "\x00")
	return len(words) > 3 && words[1] == command && words[2] == "--home" && strings.HasPrefix(words[3]+"/", folder)
}

// Get asks the chain by REST.
func (n *Network) Get(path string, answer any) error { return n.GetAt(0, path, answer) }

// GetAt asks the chain by REST for what was true at a height; 0: the newest. It asks the first validator, and those after
// it only where there is no connection.
func (n *Network) GetAt(height int64, path string, answer any) error {
	var err error
	for _, endpoint := range n.restEndpoints() {
		err = n.getFrom(endpoint, height, path, answer)
		if dial := new(net.OpError); !errors.As(err, &dial) || dial.Op != "dial" {
			break
		}
	}
	return err
}

func (n *Network) getFrom(endpoint string, height int64, path string, answer any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+path, nil)
	if err != nil {
		return err
	}
	if height > 0 {
		request.Header.Set("X-Cosmos-Block-Height", strconv.FormatInt(height, 10))
	}
	response, err := n.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s: %s", path, response.Status, body)
	}
	return json.Unmarshal(body, answer)
}
