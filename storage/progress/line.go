package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"
)

const (
	onTerminal = 200 * time.Millisecond // how often the line is written anew
	elsewhere  = 10 * time.Second       // how often there is another line
	window     = 10 * time.Second       // what a rate is the mean of
)

// Line tells a person how far a transfer is: on a terminal in one line that is written anew, elsewhere in a line every ten
// seconds. It is a Counter.
type Line struct {
	w        io.Writer
	what     string
	terminal bool

	expected, moved, skipped atomic.Int64
	files, filesDone         atomic.Int64

	begun time.Time
	past  []sample // of the last window, oldest first; one goroutine's at a time
	stop  chan struct{}
	ended sync.WaitGroup
}

type sample struct {
	at    time.Time
	moved int64
}

var _ FileCounter = (*Line)(nil)

// Start begins to tell of what on w. Stop must be called.
func Start(w io.Writer, what string) *Line {
	f, isFile := w.(*os.File)
	l := newLine(w, what, isFile && term.IsTerminal(int(f.Fd())), time.Now())
	every := elsewhere
	if l.terminal {
		every = onTerminal
	}
	l.ended.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-l.stop:
				return
			case now := <-ticker.C:
				l.tick(now)
			}
		}
	})
	return l
}

func newLine(w io.Writer, what string, terminal bool, now time.Time) *Line {
	return &Line{w: w, what: what, terminal: terminal, begun: now, past: []sample{{at: now}}, stop: make(chan struct{})}
}

// Expect implements Counter.
func (l *Line) Expect(bytes int64) { l.expected.Add(bytes) }

// Move implements Counter.
func (l *Line) Move(bytes int64) { l.moved.Add(bytes) }

// Skip implements Counter.
func (l *Line) Skip(bytes int64) { l.skipped.Add(bytes) }

// Files implements FileCounter.
func (l *Line) Files(n int) { l.files.Add(int64(n)) }

// FileDone implements FileCounter.
func (l *Line) FileDone() { l.filesDone.Add(1) }

// ofFiles says how many of the files are there; nothing where there are none.
func (l *Line) ofFiles() string {
	if n := l.files.Load(); n > 0 {
		return fmt.Sprintf("%d of %d files, ", l.filesDone.Load(), n)
	}
	return ""
}

// Stop writes a last line, of all that was done, and ends.
func (l *Line) Stop() {
	close(l.stop)
	l.ended.Wait()
	l.finish(time.Now())
}

// tick writes how far it is now.
func (l *Line) tick(now time.Time) {
	moved, skipped, expected := l.moved.Load(), l.skipped.Load(), l.expected.Load()
	for len(l.past) > 1 && now.Sub(l.past[0].at) > window {
		l.past = l.past[1:]
	}
	rate := perSecond(moved-l.past[0].moved, now.Sub(l.past[0].at))
	l.past = append(l.past, sample{now, moved})

	done := moved + skipped
	text := fmt.Sprintf("%s: %s%s", l.what, l.ofFiles(), Bytes(done))
	if expected > 0 && done <= expected {
		text += fmt.Sprintf(" of %s (%d %%)", Bytes(expected), 100*done/expected)
	}
	text += fmt.Sprintf(", %s/s", Bytes(rate))
	if rate > 0 && done < expected {
		text += fmt.Sprintf(", %s left", rough(time.Duration((expected-done)/rate)*time.Second))
	}
	l.write(text)
}

func (l *Line) finish(now time.Time) {
	moved, skipped := l.moved.Load(), l.skipped.Load()
	took := now.Sub(l.begun)
	text := fmt.Sprintf("%s: %s%s in %s, %s/s", l.what, l.ofFiles(), Bytes(moved), rough(took), Bytes(perSecond(moved, took)))
	if skipped > 0 {
		text += fmt.Sprintf(", %s were there already", Bytes(skipped))
	}
	l.write(text)
	if l.terminal {
		fmt.Fprintln(l.w)
	}
}

// write takes the place of the last line on a terminal.
func (l *Line) write(text string) {
	if l.terminal {
		fmt.Fprintf(l.w, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(l.w, text)
}

func perSecond(bytes int64, in time.Duration) int64 {
	if in < time.Millisecond || bytes <= 0 {
		return 0
	}
	return int64(float64(bytes) / in.Seconds())
}

// rough is a duration as people say it.
func rough(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// Bytes is a number of bytes as people write it.
func Bytes(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	unit := 0
	size := float64(n)
	for size >= 1<<10 && unit < len(units) {
		size /= 1 << 10
		unit++
	}
	return fmt.Sprintf("%.1f %s", size, units[unit-1])
}

var units = []string{"KiB", "MiB", "GiB", "TiB"}
