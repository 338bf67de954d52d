package warden

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// Serve says that it is ready, runs one program, or serves calls of one, and returns when everything about it was told. The process ends
// with it, and with the process the container. It ends at once when in does.
func Serve(in io.Reader, out io.Writer) error {
	if os.Getpid() != 1 {
		return errors.New("the warden ends every process that it can reach: it runs as the first process of a container only")
	}
	// The program runs as the same user: it must not read or write this process.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hide from the program: %w", err)
	}
	signal.Ignore(syscall.SIGXFSZ) // which the program inherits: a write beyond the limit fails instead of ending it
	w := &frames{w: out}
	if err := wire.Write(w, wire.KindReady, nil, nil); err != nil {
		return err
	}
	ways := newDoors(w)
	requests := make(chan wire.Frame, 2) // the start of a program, and its first call
	go func() {
		r := bufio.NewReader(in)
		for {
			f, err := wire.Read(r, func() int64 { return math.MaxUint32 })
			if err != nil {
				os.Exit(0) // the daemon is gone, and everything in the container ends with its first process
			}
			if leads(f) {
				ways.take(f)
				continue
			}
			select {
			case requests <- f:
			default: // one run, or one call at a time
			}
		}
	}()
	f := <-requests
	switch f.Kind {
	case wire.KindExec:
		var x wire.Exec
		if err := f.Decode(&x); err != nil {
			return err
		}
		return run(w, ways, x, f.Body)
	case wire.KindServe:
		var x wire.Serve
		if err := f.Decode(&x); err != nil {
			return err
		}
		return newServer(w, ways, x).serve(requests)
	}
	return fmt.Errorf("frame of kind %d instead of a run", f.Kind)
}

func run(w io.Writer, ways *doors, x wire.Exec, input []byte) error {
	log := &wire.Log{Frames: w}
	log.Begin(x.LogBytes)
	p := &process{stdout: reply{limit: x.OutputBytes}, stderr: log}
	env, err := ways.build(x.Ways)
	if err == nil {
		x.Env = append(x.Env, env...)
		ways.unlock()
		err = p.start(x, input)
	}
	if err != nil {
		return wire.Write(w, wire.KindDone, wire.Done{Status: wire.StatusBadProgram, Message: err.Error()}, nil)
	}
	if err := wire.Write(w, wire.KindStarted, nil, nil); err != nil {
		return err
	}
	end := p.wait(time.Duration(x.Wall))
	ways.lock()
	if err := log.End(); err != nil {
		return err
	}
	usage := readUsage()
	end.outOfMem = usage.kills > 0
	done := end.done(x.Bounds, log.LastWords())
	if done.Status == wire.StatusOK && x.Collect {
		if problem, err := sendFiles(w, OutFolder, x.DiskBytes); err != nil {
			return err
		} else if problem != nil {
			done = *problem
		}
	}
	done.CPU, done.PeakMemory = usage.cpu, usage.peak
	output := p.stdout.buf
	if done.Status != wire.StatusOK {
		output = nil
	}
	return wire.Write(w, wire.KindDone, done, output)
}

// process is the program's first process.
type process struct {
	pid      int
	stdout   reply
	stderr   io.Writer
	pipes    []*os.File // this side of them
	copying  sync.WaitGroup
	tooLong  atomic.Bool
	tooLarge atomic.Bool
}

func (p *process) start(x wire.Exec, input []byte) error {
	var theirs, ours [3]*os.File
	for i := range theirs {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		if theirs[i], ours[i] = r, w; i > 0 {
			theirs[i], ours[i] = w, r
		}
		defer theirs[i].Close()
	}
	pid, err := spawn(x.Args, x.Env, x.Dir, theirs[:])
	if err != nil {
		return err
	}
	p.pid = pid
	p.pipes = ours[:]
	p.stdout.full = func() { p.tooLarge.Store(true); killAll() }
	go func() {
		_, _ = ours[0].Write(input) // a program need not read
		ours[0].Close()
	}()
	p.copying.Add(2)
	go func() { defer p.copying.Done(); _, _ = io.Copy(&p.stdout, ours[1]) }()
	go func() { defer p.copying.Done(); _, _ = io.Copy(p.stderr, ours[2]) }()
	return nil
}

// wait reaps all processes of the container until the program has ended, then ends those that it left behind.
func (p *process) wait(wall time.Duration) outcome {
	timer := time.AfterFunc(wall, func() { p.tooLong.Store(true); killAll() })
	defer timer.Stop()
	var end outcome
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			break // no process is left
		}
		if pid != p.pid {
			continue
		}
		end.exited, end.code = status.Exited(), status.ExitStatus()
		if status.Signaled() {
			end.signal, end.number = status.Signal().String(), int(status.Signal())
		}
		killAll() // and go on until all are reaped: nobody may write to the output any more
	}
	p.copying.Wait() // the pipes' other ends are closed with the processes
	for _, pipe := range p.pipes[1:] {
		pipe.Close()
	}
	end.outOfTime, end.outputFull = p.tooLong.Load(), p.tooLarge.Load()
	return end
}

// spawn starts a program's first process.
func spawn(args, env []string, dir string, files []*os.File) (pid int, err error) {
	if len(args) == 0 {
		return 0, errors.New("no command")
	}
	path, err := lookUp(args[0], env, dir)
	if err != nil {
		return 0, err
	}
	started, err := os.StartProcess(path, args, &os.ProcAttr{Dir: dir, Env: env, Files: files, Sys: &syscall.SysProcAttr{Setsid: true}})
	if err != nil {
		return 0, fmt.Errorf("command %q: %w", args[0], err)
	}
	// When memory runs out the program goes and not the warden, which can then tell.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", started.Pid), []byte("1000"), 0)
	return started.Pid, nil
}

// killAll ends every process of the container but this one, the first, whom no signal of its own reaches.
func killAll() { _ = syscall.Kill(-1, syscall.SIGKILL) }

// lookUp finds a command as a shell would, by the PATH that the program has.
func lookUp(command string, env []string, dir string) (string, error) {
	if strings.Contains(command, "/") {
		if !filepath.IsAbs(command) {
			command = filepath.Join(dir, command)
		}
		return command, nil
	}
	path := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			continue
		}
		found := filepath.Join(folder, command)
		if info, err := os.Stat(found); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return found, nil
		}
	}
	return "", fmt.Errorf("command %q is in no folder of PATH %q: %w", command, path, exec.ErrNotFound)
}
