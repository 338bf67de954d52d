package warden

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// lastBreath is how long a program whose connection broke may take to end, so that its end can be told as the reason.
const lastBreath = 500 * time.Millisecond

// server is a program that serves calls.
type server struct {
	w       io.Writer
	ways    *doors
	program wire.Serve
	caller  *caller
	log     *wire.Log
	pipe    *os.File // that it writes to; nobody reads before its first call
	voice   *voice
	pid     int
	own     map[int]bool  // the processes that it had before its first call; nil: it does not listen yet
	gone    chan struct{} // closed when no process is left
	end     outcome       // then: how the first process ended
}

func newServer(w io.Writer, ways *doors, program wire.Serve) *server {
	return &server{w: w, ways: ways, program: program, caller: newCaller(SocketPath), log: &wire.Log{Frames: w}, gone: make(chan struct{})}
}

// serve starts the program and makes the calls that are asked for, until one fails or the program ends.
func (s *server) serve(requests <-chan wire.Frame) error {
	f := <-requests
	problem := s.start()
	for {
		var c wire.Call
		if err := f.Decode(&c); err != nil || f.Kind != wire.KindCall {
			return fmt.Errorf("frame of kind %d instead of a call: %w", f.Kind, err)
		}
		if problem != nil {
			return wire.Write(s.w, wire.KindDone, wire.Done{Status: wire.StatusBadProgram, Message: problem.Error()}, nil)
		}
		if again, err := s.call(c, f.Body); err != nil || !again {
			return err
		}
		memory, rests := s.rest()
		if !rests {
			return nil
		}
		if err := wire.Write(s.w, wire.KindReady, wire.Rest{Memory: memory}, nil); err != nil {
			return err
		}
		select {
		case f = <-requests:
		case <-s.gone:
			return nil
		}
	}
}

func (s *server) start() error {
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer nothing.Close()
	ours, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	env, err := s.ways.build(s.program.Ways)
	if err != nil {
		return err
	}
	env = append(slices.Clone(s.program.Env), env...)
	env = append(env, SocketVariable+"="+SocketPath)
	s.ways.unlock() // its start is part of the first call
	if s.pid, err = spawn(s.program.Args, env, s.program.Dir, []*os.File{nothing, theirs, theirs}); err != nil {
		return err
	}
	s.pipe = ours
	go s.reap()
	return nil
}

// reap waits for all processes of the container. When the program's first has ended the others go with it.
func (s *server) reap() {
	defer close(s.gone)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return // no process is left
		case pid == s.pid:
			s.end.exited, s.end.code = status.Exited(), status.ExitStatus()
			if status.Signaled() {
				s.end.signal = status.Signal().String()
			}
			killAll()
		}
	}
}

// call makes one call. again: the program is as good as before.
func (s *server) call(c wire.Call, input []byte) (again bool, err error) {
	s.log.Begin(c.LogBytes)
	if s.voice == nil {
		s.voice = listen(s.pipe, s.log)
	} else {
		s.voice.tell(s.log)
	}
	before := readUsage()
	if err := wire.Write(s.w, wire.KindStarted, nil, nil); err != nil {
		return false, err
	}
	if s.own != nil {
		s.ways.unlock()
	}
	signalAll(syscall.SIGCONT)
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.Wall))
	defer cancel()
	reply, failed := s.ask(ctx, c, input)
	if failed != nil {
		killAll()
		<-s.gone
	} else {
		signalAll(syscall.SIGSTOP)
	}
	s.ways.lock()
	s.voice.tell(nil)
	if err := s.log.End(); err != nil {
		return false, err
	}
	after := readUsage()
	done := wire.Done{Status: wire.StatusOK}
	if failed != nil {
		done = s.fault(ctx, failed, c.Bounds, after.kills > before.kills)
	} else if c.Collect {
		if problem, err := sendFiles(s.w, OutFolder, c.DiskBytes); err != nil {
			return false, err
		} else if problem != nil {
			done, reply = *problem, nil
		}
	}
	done.CPU, done.PeakMemory = after.cpu-before.cpu, after.peak
	return done.Status == wire.StatusOK && !c.Last, wire.Write(s.w, wire.KindDone, done, reply)
}

// errEnded: the program's first process ended during a call.
var errEnded = errors.New("the program ended")

// ask waits for the reply, or for whatever comes instead of it.
func (s *server) ask(ctx context.Context, c wire.Call, input []byte) ([]byte, error) {
	type answer struct {
		reply []byte
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		if s.own == nil {
			if err := s.caller.await(ctx); err != nil {
				answers <- answer{nil, errSilent}
				return
			}
			s.own = processes()
		}
		reply, err := s.caller.call(ctx, c.Method, c.Metadata, input, c.OutputBytes)
		answers <- answer{reply, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil && ctx.Err() == nil && !errors.As(a.err, new(statusError)) && !errors.Is(a.err, errTooLarge) {
			select {
			case <-s.gone:
				return nil, errEnded
			case <-time.After(lastBreath):
			}
		}
		return a.reply, a.err
	case <-s.gone:
		return nil, errEnded
	}
}

// errSilent: it never listened.
var errSilent = fmt.Errorf("it did not listen on the Unix socket that %s names", SocketVariable)

// fault puts the failure of a call into the words of the conversation. All processes have ended.
func (s *server) fault(ctx context.Context, failed error, x wire.Bounds, outOfMem bool) wire.Done {
	end := s.end
	end.outOfMem = outOfMem
	switch {
	case errors.Is(failed, errTooLarge):
		end.outputFull = true
	case errors.Is(failed, errSilent):
		return wire.Done{Status: wire.StatusTimeout, Message: failed.Error()}
	case ctx.Err() != nil:
		end.outOfTime = true
	case errors.As(failed, new(statusError)):
		return wire.Done{Status: wire.StatusCrashed, Message: failed.Error()}
	case !errors.Is(failed, errEnded):
		return wire.Done{Status: wire.StatusBadOutput, Message: failed.Error()}
	case end.exited && end.code == 0:
		return wire.Done{Status: wire.StatusCrashed, Message: "it ended, with status 0, before it replied: a program that speaks gRPC serves until it is ended"}
	}
	return end.done(x, s.log.LastWords())
}
