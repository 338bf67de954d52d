package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chzyer/readline"
	"github.com/spf13/cobra"

	"github.com/ain-network/aind/client"
)

const (
	// network is how the paper calls the network of the settings.
	network           = "AIN"
	promptStart       = "$ "
	promptConnected   = network + "> "
	promptMore        = "...> "
	historyFile       = "console_history"
	propagationLimit  = 2 * time.Minute
	propagationPeriod = 300 * time.Millisecond
)

// NewConsole is the command of the interactive console.
func NewConsole(env Environment) *cobra.Command {
	s := newSession(env)
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Use the network interactively",
		Long: `Use the network interactively, with the verbs of the command line:

  $ connect AIN
  AIN> registerJob job_schema.proto worker.py evaluator.py
  AIN> .. wait for propagation ..
  AIN> stats 0x1
  AIN> requestJob {job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}

A line that begins with two points waits until the job registered last has nodes that are
running. Lines that begin with # are comments. Lines can also be piped in: they are shown
as if they were typed, and the first error ends the session.`,
		Example: "  aind console\n  aind console < session.txt",
		Args:    cobra.NoArgs,
	}
	addSettings(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return s.console(cmd.Context()) }
	wrap(s, cmd)
	return cmd
}

// lines is where a console's lines come from.
type lines interface {
	// next returns a line without its end; io.EOF after the last, errInterrupted where the person gave up on one.
	next(prompt string) (string, error)
	close() error
}

var errInterrupted = errors.New("interrupted")

func (s *Session) console(ctx context.Context) error {
	s.interactive = true
	input, err := s.openLines()
	if err != nil {
		return err
	}
	defer func() { _ = input.close() }()
	if s.env.IsTerminal {
		// A person's Ctrl-C ends a command, not the console; only being told to stop does that.
		var stop context.CancelFunc
		ctx, stop = signal.NotifyContext(context.WithoutCancel(ctx), syscall.SIGTERM)
		defer stop()
		defer context.AfterFunc(ctx, func() { _ = input.close() })()
	}
	for ctx.Err() == nil {
		words, err := s.readCommand(input)
		if err == nil && len(words) > 0 {
			if words[0] == "exit" || words[0] == "quit" {
				return nil
			}
			err = s.runLine(ctx, words)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errInterrupted), err == nil:
		case !s.env.IsTerminal:
			return err
		default:
			_, _ = fmt.Fprintf(s.env.Err, "error: %s\n", err)
		}
	}
	return ctx.Err()
}

func (s *Session) prompt() string {
	if s.chain == nil {
		return promptStart
	}
	return promptConnected
}

// readCommand reads a line, and more where an object goes over several.
func (s *Session) readCommand(input lines) ([]string, error) {
	prompt, text := s.prompt(), ""
	for {
		line, err := input.next(prompt)
		if err != nil {
			return nil, err
		}
		if trimmed := strings.TrimSpace(line); text == "" && (strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "..")) {
			return []string{trimmed[:min(2, len(trimmed))]}, nil
		}
		text += line + "\n"
		words, err := splitLine(text)
		if errors.Is(err, errUnfinished) && len(text) < maxObject {
			prompt = promptMore
			continue
		}
		return words, err
	}
}

// runLine runs one command.
func (s *Session) runLine(ctx context.Context, words []string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	switch {
	case strings.HasPrefix(words[0], "#"):
		return nil
	case words[0] == "..":
		return s.awaitNodes(ctx)
	case words[0] == "connect":
		return s.connectTo(ctx, words[1:])
	}
	settings, key := s.settings, s.key
	defer func() { s.settings, s.key = settings, key }()

	root := s.commands()
	root.SetArgs(words)
	return root.ExecuteContext(ctx)
}

// commands are the verbs for one line.
func (s *Session) commands() *cobra.Command {
	root := &cobra.Command{Use: "aind", SilenceErrors: true, SilenceUsage: true}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetOut(s.env.Out)
	root.SetErr(s.env.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return badInputf("%w (see `%s --help`)", err, cmd.Name()) })
	root.AddCommand(
		&cobra.Command{Use: "connect [AIN | ENDPOINT]", Short: "Connect to the network of the settings, or to a node", Run: func(*cobra.Command, []string) {}},
		&cobra.Command{Use: "exit", Short: "Leave the console", Run: func(*cobra.Command, []string) {}},
	)
	for _, build := range builders {
		verb := build(s)
		for _, command := range subcommands(verb) {
			s.forOneLine(command)
		}
		root.AddCommand(verb)
	}
	return root
}

// forOneLine lets a verb's flags hold for its line, and no longer.
func (s *Session) forOneLine(verb *cobra.Command) {
	verb.Flags().String(flagFrom, "", "name of the key that signs this once")
	verb.Flags().String(flagOutput, outputText, "how the result is printed: text or json")
	check, run := verb.Args, verb.RunE
	verb.Args = func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		return badInput(check(cmd, args))
	}
	verb.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed(flagFrom) {
			s.key = nil
		}
		if err := s.override(cmd.Flags()); err != nil {
			return err
		}
		return run(cmd, args)
	}
}

// connectTo connects to the network of the settings, by the paper's name or by its own, or to an endpoint.
func (s *Session) connectTo(ctx context.Context, args []string) error {
	if len(args) > 1 {
		return badInputf("connect: want one network: connect %s", network)
	}
	if len(args) == 1 && !strings.EqualFold(args[0], network) {
		if strings.Contains(args[0], "://") {
			s.settings.Node = args[0]
		} else {
			s.settings.ChainID = args[0]
		}
	}
	return s.connect(ctx)
}

// awaitNodes waits until the job registered last has an evaluator and a worker that are running.
func (s *Session) awaitNodes(ctx context.Context) error {
	if s.lastJob == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, propagationLimit)
	defer cancel()
	wakes := s.chain.Watch(ctx, client.NewBlock)
	pause := time.NewTicker(propagationPeriod)
	defer pause.Stop()
	for {
		running, err := s.running(ctx, s.lastJob)
		if err == nil && running.RunningEvaluators > 0 && running.RunningWorkers > 0 {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no evaluator and worker run the job yet: %w", ctx.Err())
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
		case <-wakes:
		}
	}
}

// openLines reads from the terminal with history and completion, or from a pipe.
func (s *Session) openLines() (lines, error) {
	if !s.env.IsTerminal {
		return &pipedLines{input: s.answers, out: s.env.Out}, nil
	}
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return nil, err
	}
	var names []readline.PrefixCompleterInterface
	for _, command := range s.commands().Commands() {
		names = append(names, readline.PcItem(command.Name()))
	}
	terminal, err := readline.NewEx(&readline.Config{
		HistoryFile: filepath.Join(s.home, historyFile), AutoComplete: readline.NewPrefixCompleter(names...),
		Stdout: s.env.Out, Stderr: s.env.Err,
	})
	if err != nil {
		return nil, fmt.Errorf("open the terminal: %w", err)
	}
	return typedLines{terminal}, nil
}

// typedLines are typed by a person.
type typedLines struct{ terminal *readline.Instance }

func (t typedLines) next(prompt string) (string, error) {
	t.terminal.SetPrompt(prompt)
	line, err := t.terminal.Readline()
	if errors.Is(err, readline.ErrInterrupt) {
		return "", errInterrupted
	}
	return line, err
}

func (t typedLines) close() error { return t.terminal.Close() }

// pipedLines come from a file or another program. They are shown, so that what comes out reads like a session.
type pipedLines struct {
	input *bufio.Reader
	out   io.Writer
}

func (p *pipedLines) next(prompt string) (string, error) {
	line, err := p.input.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	_, err = fmt.Fprintln(p.out, prompt+line)
	return line, err
}

func (p *pipedLines) close() error { return nil }
