package network

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// stopPatience with a process that was asked to end.
const stopPatience = 30 * time.Second

// process is an aind in the background. What it says goes to a log.
type process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // after done
}

func (n *Network) start(name string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(n.home, name+".log"), cmd: exec.Command(n.program, args...), done: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) isDead() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop asks the process to end and waits until it has.
func (p *process) stop() error {
	// One that is gone already needs no signal.
	_ = p.cmd.Process.Signal(os.Interrupt)
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("%s did not stop within %s: %s", p.name, stopPatience, p.tail())
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w: %s", p.name, p.err, p.tail())
	}
	return nil
}

// tail is the end of the log.
func (p *process) tail() string {
	const most = 2000
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
