package chaos

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/tests/harness"
)

// codeStoreDown is the exit code for a store that does not answer.
const codeStoreDown = 4

// TestStoreKilledDuringUpload kills the store while a client uploads an input to it. The client says so and no coin moves;
// nothing of the upload is to be seen afterwards; and once the store is back, the same command does what it should.
func TestStoreKilledDuringUpload(t *testing.T) {
	t.Parallel()
	n := harness.StartNetwork(t, harness.Options{})
	s := n.NewStore(t)
	proxy := harness.StartProxy(t, s.Address)
	c := newCrew(t, n, func(settings *harness.Settings) { settings.Store = s.URL() }, "--challenge", "2s")
	before := n.Books(t)

	input := largeInput(1 << 20)
	file := filepath.Join(t.TempDir(), "input")
	require.NoError(t, os.WriteFile(file, input, 0o600))
	command := harness.Command{Args: []string{
		"requestJob", "--home", n.Folder("client"), "--store", harness.StoreAt(proxy.Address()), "--job-id", c.job, "--input-file", file,
		"--reward", "[10, 10]", "--time-limit", "20s", "--max-workers", "1",
	}}
	proxy.Slow(true)
	begun := proxy.Passed()
	ended := make(chan harness.Result, 1)
	go func() { ended <- command.Run(t) }()
	harness.Eventually(t, "a part of the upload has passed", harness.Patience, func() error {
		if passed := proxy.Passed() - begun; passed < int64(len(input)/4) {
			return fmt.Errorf("%d bytes have", passed)
		}
		return nil
	})
	s.Kill()
	result := <-ended
	require.Less(t, proxy.Passed()-begun, int64(len(input)), "it was killed in the middle")
	require.Equal(t, codeStoreDown, result.Code, result.String())
	require.Contains(t, result.Err, proxy.Address())
	require.Contains(t, result.Err, "is `aind store` running there")
	require.Empty(t, n.Books(t).Since(before), "no coin moves")

	proxy.Slow(false)
	s.Start(t)
	digest := storage.DigestOf(input)
	_, err := s.Open(t).Stat(t.Context(), digest)
	require.ErrorIs(t, err, storage.ErrNotFound, "what was not uploaded whole is not there")

	again := command.Run(t)
	require.Zero(t, again.Code, again.String())
	info, err := s.Open(t).Stat(t.Context(), digest)
	require.NoError(t, err)
	require.EqualValues(t, len(input), info.Size)
	found := regexp.MustCompile(`request (\d+):`).FindStringSubmatch(again.Err)
	require.NotNil(t, found, again.String())
	var id uint64
	_, err = fmt.Sscan(found[1], &id)
	require.NoError(t, err)
	c.ranked(id)
	c.earned(before, 1)
}

// largeInput is a Task of the odd job in proto binary whose winner is a text of some size: nobody's name, so that nobody is
// preferred.
func largeInput(size int) []byte {
	const winner = 3<<3 | 2
	input := binary.AppendUvarint([]byte{winner}, uint64(size))
	text := make([]byte, size)
	for i := range text {
		text[i] = 'a' + byte(i*i%23)
	}
	return append(input, text...)
}
