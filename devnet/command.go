package devnet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// do runs one of this program's commands to its end, as a person would type it. What it prints goes to out, and with what
// it says meanwhile to say and to the log of the name.
func (s *supervisor) do(ctx context.Context, name string, out, say io.Writer, args ...string) error {
	path := filepath.Join(s.logs, name+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()

	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Stderr = io.MultiWriter(say, &said, log)
	if cmd.Stdout = io.MultiWriter(out, log); out == say {
		cmd.Stdout = cmd.Stderr // one pipe, so that lines stay in their order
	}
	isolate(cmd)
	cmd.Cancel = func() error { return askToStop(cmd) }
	cmd.WaitDelay = stopGrace

	started := make(chan error)
	s.spawn <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	failed := cmd.Wait()
	killGroup(cmd)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed != nil:
		return fmt.Errorf("aind %s: %w: %s; its log is %s", args[0], failed, lastLine(said.Bytes()), path)
	}
	return nil
}

// ask is do for a command whose answer is read as JSON.
func (s *supervisor) ask(ctx context.Context, name string, answer any, args ...string) error {
	var out bytes.Buffer
	if err := s.do(ctx, name, &out, io.Discard, append(args, "--output", "json")...); err != nil {
		return err
	}
	if err := json.Unmarshal(out.Bytes(), answer); err != nil {
		return fmt.Errorf("aind %s printed no JSON: %w", args[0], err)
	}
	return nil
}

func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}
