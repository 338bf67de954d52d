package e2e

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestDemo runs the demo as `make demo` does and reads what a person would read.
func TestDemo(t *testing.T) {
	home := filepath.Join(t.TempDir(), "demo")
	began := time.Now()
	demo := harness.Command{Args: []string{"demo", "--home", home}}.Run(t)
	took := time.Since(began)
	require.Zero(t, demo.Code, demo.String())

	t.Run("it says which job and who serves it", func(t *testing.T) {
		require.Regexp(t, `job 0x1, calculate-root\n`, demo.Out)
		require.Regexp(t, `1 evaluator and 3 workers running`, demo.Out)
	})
	t.Run("the best of the revealed roots wins", func(t *testing.T) {
		lines := regexp.MustCompile(`(?m)^ +worker-\d +x = (-?[\d.]+) +off by [\d.]+( +<- wins)?$`).FindAllStringSubmatch(demo.Out, -1)
		require.NotEmpty(t, lines, demo.Out)
		best, won := math.Inf(1), math.NaN()
		for _, line := range lines {
			x, err := strconv.ParseFloat(line[1], 64)
			require.NoError(t, err)
			off := math.Abs(x*x - 4)
			best = min(best, off)
			if line[2] != "" {
				require.True(t, math.IsNaN(won), "one wins")
				won = off
				require.InDelta(t, 2, math.Abs(x), 0.25)
			}
		}
		require.InDelta(t, best, won, 1e-9)
	})
	t.Run("content goes through spaces, and the store earns what its time was worth", func(t *testing.T) {
		require.Regexp(t, `(?m)^ +space 1 +programs +everybody +[1-9]\d*\.\d MiB in 3 objects +50\.457600$`, demo.Out)
		require.Regexp(t, `(?m)^ +worker-1 asks for it: there is no such content, or it is not for you\n +client asks for it: Nobody but the client reads this\.$`, demo.Out)
		earned := regexp.MustCompile(`the store has earned (0\.\d+) AIN of it`).FindStringSubmatch(demo.Out)
		require.NotNil(t, earned, demo.Out)
		require.Regexp(t, `(?m)^ +store +1000\.000000 .*\+`+regexp.QuoteMeta(earned[1])+`0*$`, demo.Out)
	})
	t.Run("no file but the store's own has its secret", func(t *testing.T) {
		content, err := os.ReadFile(filepath.Join(home, "store", "store.yaml"))
		require.NoError(t, err)
		secret := regexp.MustCompile(`secret_key: (\w{20,})`).FindSubmatch(content)
		require.NotNil(t, secret)
		require.NoError(t, filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || path == filepath.Join(home, "store", "store.yaml") {
				return err
			}
			content, err := os.ReadFile(path)
			require.NotContains(t, string(content), string(secret[1]), path)
			return err
		}))
	})
	t.Run("the balances before and after add up", func(t *testing.T) {
		rows := regexp.MustCompile(`(?m)^ +([a-z][-' \w]*?) +(\d+)\.(\d{6}) +(\d+)\.(\d{6}) +(-|[+-]\d+\.\d{6})$`).FindAllStringSubmatch(demo.Out, -1)
		require.Greater(t, len(rows), 5, demo.Out)
		var before, after int64
		for _, row := range rows {
			was, is := uain(t, row[2]+row[3]), uain(t, row[4]+row[5])
			if row[1] == "sum" {
				require.Equal(t, before, was, "the column before")
				require.Equal(t, after, is, "the column after")
				require.Equal(t, was, is)
				before = -1
				continue
			}
			before, after = before+was, after+is
		}
		require.EqualValues(t, -1, before, "there is a sum")
	})
	t.Run("it takes less than a minute", func(t *testing.T) {
		// The demo's own patience is longer; this is what is promised after the build.
		require.Less(t, took, time.Minute)
	})
	t.Run("nothing that it started is left", func(t *testing.T) {
		require.NoError(t, harness.AwaitNoneLeft(home))
	})
}

func uain(t *testing.T, digits string) int64 {
	t.Helper()
	amount, err := strconv.ParseInt(digits, 10, 64)
	require.NoError(t, err)
	return amount
}

// TestDemoThatFails loses its store on the way: the demo says which step failed and where the log is, and stops the rest.
func TestDemoThatFails(t *testing.T) {
	home := filepath.Join(t.TempDir(), "demo")
	demo, err := harness.Start("demo", filepath.Join(t.TempDir(), "log"), nil, "demo", "--home", home)
	require.NoError(t, err)
	store := processOf(t, home, "store")
	require.NoError(t, syscall.Kill(store, syscall.SIGKILL))

	require.NotZero(t, demo.Code())
	said := demo.Said(`step (\d), ([^:]+): (.*)`)
	require.NotEmpty(t, said, "no step is named")
	log := regexp.MustCompile(`its log is (\S+)`).FindStringSubmatch(said[0][3])
	require.NotNil(t, log, said[0][0])
	require.FileExists(t, log[1])
	require.NoError(t, harness.AwaitNoneLeft(home))
}

// processOf waits for the process of a network in a folder that runs a command, and returns its id.
func processOf(t *testing.T, home, command string) int {
	t.Helper()
	var id int
	harness.Eventually(t, "aind "+command+" runs", harness.Patience, func() error {
		left, err := harness.Left(home)
		if err != nil {
			return err
		}
		for _, process := range left {
			words := strings.Fields(process)
			if len(words) > 2 && words[2] == command {
				id, err = strconv.Atoi(words[0])
				return err
			}
		}
		return fmt.Errorf("only %q", left)
	})
	return id
}
