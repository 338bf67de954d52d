package daemon

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

// Variables of the environment that arm failpoints. They are in every build: what is tested is what is shipped.
const (
	// EnvFailpoint is the number of the failpoint at which the process kills itself as by kill -9.
	EnvFailpoint = "AIND_FAILPOINT"
	// EnvFailpointLog is a file to which the number of every failpoint that is reached is appended, a line each.
	EnvFailpointLog = "AIND_FAILPOINT_LOG"
)

// Moment is a place within a step at which a crash is told apart from one elsewhere.
type Moment int

// Moments of a step, in the order in which they pass. Steps without a transaction have no Signed, Journaled and Sent.
const (
	Begun     Moment = 1 // the journal says that the step begins; nothing has happened
	Signed    Moment = 2 // a transaction is signed, and nobody has seen it
	Journaled Moment = 3 // its bytes are in the journal, and not sent
	Sent      Moment = 4 // the chain executed it, and the journal does not say so
	Acted     Moment = 5 // the step's work is done, and the journal does not say so
	Done      Moment = 6 // the journal says that the step is done
)

var momentNames = map[Moment]string{
	Begun: "begun", Signed: "signed", Journaled: "journaled", Sent: "sent", Acted: "acted", Done: "done",
}

func (m Moment) String() string { return momentNames[m] }

// Failpoint is a numbered place in a daemon at which it can be made to die.
type Failpoint struct {
	Number int
	Daemon string // worker, evaluator, admin
	Name   string // step and moment, as in "commit.sent"
	When   string // what it takes to reach it, for whoever writes the test
}

// Failpoints lists all of them by number.
func Failpoints() []Failpoint {
	var all []Failpoint
	for _, step := range Steps() {
		for moment := Begun; moment <= Done; moment++ {
			if !step.Tx && (moment == Signed || moment == Journaled || moment == Sent) {
				continue
			}
			all = append(all, Failpoint{
				Number: step.Number + int(moment), Daemon: step.Daemon, Name: step.Name + "." + moment.String(), When: step.When,
			})
		}
	}
	return all
}

// onFailpoint is nil unless failpoints are armed: a failpoint that nobody asked for costs one load.
var onFailpoint atomic.Pointer[func(number int)]

// ArmFailpoints reads the environment. The commands of the daemons call it before anything else.
func ArmFailpoints() error {
	target, err := failpointFromEnv()
	if err != nil {
		return err
	}
	var log *os.File
	if path := os.Getenv(EnvFailpointLog); path != "" {
		if log, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return fmt.Errorf("%s: %w", EnvFailpointLog, err)
		}
	}
	if target == 0 && log == nil {
		return nil
	}
	OnFailpoint(func(number int) {
		if log != nil {
			fmt.Fprintln(log, number)
		}
		if number == target {
			die()
		}
	})
	return nil
}

func failpointFromEnv() (int, error) {
	value := os.Getenv(EnvFailpoint)
	if value == "" {
		return 0, nil
	}
	number, err := strconv.Atoi(value)
	if err != nil {
		return 0, fmt.Errorf("%s %q is not a number", EnvFailpoint, value)
	}
	for _, point := range Failpoints() {
		if point.Number == number {
			return number, nil
		}
	}
	return 0, fmt.Errorf("%s %d is not a failpoint: see daemon.Failpoints", EnvFailpoint, number)
}

// OnFailpoint has f called whenever a failpoint is reached; nil disarms. Tests use it to die within the process.
func OnFailpoint(f func(number int)) {
	if f == nil {
		onFailpoint.Store(nil)
		return
	}
	onFailpoint.Store(&f)
}

// die is kill -9: nothing is flushed, deferred or caught.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(fmt.Sprintf("kill oneself: %v", err))
	}
	select {} // the signal may take a moment
}

func (s Step) reach(m Moment) {
	if f := onFailpoint.Load(); f != nil {
		(*f)(s.Number + int(m))
	}
}
