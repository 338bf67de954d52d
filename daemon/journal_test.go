package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func openJournal(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := OpenJournal(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

func value(t *testing.T, j *Journal, key string) (text string, known bool) {
	t.Helper()
	known, err := j.Get(key, &text)
	require.NoError(t, err)
	return text, known
}

func TestJournalIsThereAfterItWasClosed(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	require.NoError(t, j.Put("a", "one"))
	require.NoError(t, j.PutSync("b", "two"))
	require.NoError(t, j.Put("a", "three"))
	require.NoError(t, j.Delete("b", "never there"))
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.Put("c", "late"), ErrJournalClosed)

	j = openJournal(t, dir)
	text, known := value(t, j, "a")
	require.True(t, known)
	require.Equal(t, "three", text)
	_, known = value(t, j, "b")
	require.False(t, known)
	require.Equal(t, []string{"a"}, j.Keys(""))
}

func TestJournalBelongsToOneAtATime(t *testing.T) {
	dir := t.TempDir()
	openJournal(t, dir)
	_, err := OpenJournal(dir)
	require.ErrorContains(t, err, "in use")
}

func TestJournalAfterACrash(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(content string) string
		want   string // of key a; empty: an error
	}{
		"the last line was cut off":       {func(s string) string { return s[:len(s)-5] }, "first"},
		"the last line lacks its end":     {func(s string) string { return strings.TrimSuffix(s, "\n") }, "first"},
		"a block of zeros follows":        {func(s string) string { return s + strings.Repeat("\x00", 64) + "\n" }, "second"},
		"half a line of garbage follows":  {func(s string) string { return s + "deadbe" }, "second"},
		"nothing happened":                {func(s string) string { return s }, "second"},
		"a line in the middle is damaged": {func(s string) string { return strings.Replace(s, "first", "frist", 1) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := openJournal(t, dir)
			require.NoError(t, j.Put("a", "first"))
			require.NoError(t, j.Put("a", "second"))
			require.NoError(t, j.Close())
			path := filepath.Join(dir, "journal")
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte(c.damage(string(content))), 0o600))

			j, err = OpenJournal(dir)
			if c.want == "" {
				require.ErrorContains(t, err, "line 1 is damaged")
				return
			}
			require.NoError(t, err)
			defer j.Close()
			text, _ := value(t, j, "a")
			require.Equal(t, c.want, text)
			require.NoError(t, j.Put("a", "third"), "it goes on after the damage")
			require.NoError(t, j.Close())
			text, _ = value(t, openJournal(t, dir), "a")
			require.Equal(t, "third", text)
		})
	}
}

func TestJournalStaysSmall(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	for i := range 5000 {
		require.NoError(t, j.Put("key", fmt.Sprint(i)))
	}
	info, err := os.Stat(filepath.Join(dir, "journal"))
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(100_000))
	text, _ := value(t, j, "key")
	require.Equal(t, "4999", text)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing but the journal and its lock is left behind")
}

func TestJournalWithManyWriters(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	var group sync.WaitGroup
	for writer := range 8 {
		group.Go(func() {
			for i := range 400 {
				if err := j.PutSync(fmt.Sprintf("%d/%d", writer, i%10), i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	require.NoError(t, j.Close())
	j = openJournal(t, dir)
	require.Len(t, j.Keys(""), 80)
	var last int
	_, err := j.Get("3/9", &last)
	require.NoError(t, err)
	require.Equal(t, 399, last)
}
