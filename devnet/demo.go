package devnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	sdkmath "cosmossdk.io/math"
)

const (
	// demoPatience with the whole story, building not counted.
	demoPatience = 3 * time.Minute

	// The order of the paper's sample session.
	demoY         = 4.0
	demoRoot      = 2.0
	demoTolerance = 0.25
	demoReward    = 10 // AIN, for the evaluator and for the workers each
	demoTimeLimit = 3000
)

// Demo plays the paper's sample session on a network of its own, shows what happens, checks that it is right, and stops
// everything. An error names the step that failed. Without config.Home the network lives in a temporary folder, which is kept
// only if something failed.
func Demo(ctx context.Context, out io.Writer, config Config) (failed error) {
	ctx, cancel := context.WithTimeoutCause(ctx, demoPatience, fmt.Errorf("the demo took longer than %s", demoPatience))
	defer cancel()
	if config.Home == "" {
		home, err := os.MkdirTemp("", "aind-demo-")
		if err != nil {
			return err
		}
		config.Home = home
		defer func() {
			if failed == nil {
				failed = os.RemoveAll(home)
			} else {
				_, _ = fmt.Fprintf(out, "\nThe network and its logs are kept in %s.\n", home)
			}
		}()
	}
	config.AnyPorts = true
	story := &story{out: out, begun: time.Now()}
	config.Report = func(line string) { story.say("   %s", line) }
	if err := story.tell(ctx, config); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w (%w)", err, cause)
		}
		return fmt.Errorf("step %d, %s: %w", story.step, story.title, err)
	}
	story.say("\nEverything is stopped. It took %.1f s.", time.Since(story.begun).Seconds())
	return nil
}

// story is a demo being told.
type story struct {
	out   io.Writer
	begun time.Time
	step  int
	title string

	network *Network
	before  *ledger
	earned  sdkmath.Int // by the store
}

func (s *story) say(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format+"\n", args...) }

// begin announces the next step.
func (s *story) begin(title string) {
	s.step, s.title = s.step+1, title
	s.say("\n%d. %s  (%.1f s)", s.step, title, time.Since(s.begun).Seconds())
}

// tell plays every step. It returns when nothing that it started is running any more.
func (s *story) tell(ctx context.Context, config Config) error {
	s.begin("Start a chain, a store, an admin, evaluators and workers")
	network, err := Open(ctx, config)
	if err != nil {
		return err
	}
	s.network = network
	defer network.Close()

	for _, step := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"The job and who serves it", s.showJob},
		{fmt.Sprintf("Request {y: %g} with reward [%d, %d] and a time limit of %d ms", demoY, demoReward, demoReward, demoTimeLimit), s.request},
		{"What the workers found", s.showResults},
		{"Who received what", s.showPayments},
		{"Spaces, and a letter that a worker cannot read", s.showStorage},
		{"The books, in AIN", s.showBooks},
	} {
		s.begin(step.title)
		if err := network.whileAlive(ctx, step.play); err != nil {
			return err
		}
	}
	s.begin("Stop everything")
	return nil
}
