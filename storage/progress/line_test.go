package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLine(t *testing.T) {
	for name, c := range map[string]struct {
		terminal bool
		want     []string
	}{
		"elsewhere": {false, []string{
			"model.bin: 0 bytes of 4.0 GiB (0 %), 0 bytes/s\n",
			"model.bin: 2.0 GiB of 4.0 GiB (50 %), 102.4 MiB/s, 20 s left\n",
			"model.bin: 2.5 GiB of 4.0 GiB (62 %), 51.2 MiB/s, 30 s left\n",
			"model.bin: 3.0 GiB in 1 min 0 s, 51.2 MiB/s, 1.0 GiB were there already\n",
		}},
		"on a terminal": {true, []string{
			"\r\x1b[Kmodel.bin: 0 bytes of 4.0 GiB (0 %), 0 bytes/s",
			"\r\x1b[Kmodel.bin: 2.0 GiB of 4.0 GiB (50 %), 102.4 MiB/s, 20 s left",
			"\r\x1b[Kmodel.bin: 2.5 GiB of 4.0 GiB (62 %), 51.2 MiB/s, 30 s left",
			"\r\x1b[Kmodel.bin: 3.0 GiB in 1 min 0 s, 51.2 MiB/s, 1.0 GiB were there already\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Unix(1000, 0)
			var out bytes.Buffer
			l := newLine(&out, "model.bin", c.terminal, begun)
			l.Expect(4 << 30)
			l.tick(begun.Add(time.Microsecond))
			l.Skip(1 << 30)
			l.Move(1 << 30)
			l.tick(begun.Add(10 * time.Second))
			l.Move(600 << 20)
			l.Move(-(88 << 20)) // to be moved again
			l.tick(begun.Add(20 * time.Second))
			l.Move(3 << 29)
			l.finish(begun.Add(time.Minute))
			require.Equal(t, strings.Join(c.want, ""), out.String())
		})
	}
}

func TestALineOfWhatNobodyKnowsTheEndOf(t *testing.T) {
	begun := time.Unix(1000, 0)
	var out bytes.Buffer
	l := newLine(&out, "a pipe", false, begun)
	l.Move(2048)
	l.tick(begun.Add(2 * time.Second))
	require.Equal(t, "a pipe: 2.0 KiB, 1.0 KiB/s\n", out.String())
}

func TestStopTellsTheEnd(t *testing.T) {
	var out bytes.Buffer
	l := Start(&out, "input.bin")
	l.Expect(10)
	l.Move(10)
	l.Stop()
	require.Regexp(t, `^input\.bin: 10 bytes in 0 s, \d+ bytes/s\n$`, out.String())
}

func TestDurationsAndSizesAsPeopleSayThem(t *testing.T) {
	require.Equal(t, []string{"59 s", "59 min 59 s", "26 h 1 min"}, []string{
		rough(59 * time.Second), rough(time.Hour - time.Second), rough(26*time.Hour + time.Minute),
	})
	require.Equal(t, []string{"1023 bytes", "1.0 KiB", "1.5 MiB", "2048.0 TiB"}, []string{
		Bytes(1023), Bytes(1024), Bytes(3 << 19), Bytes(2 << 50),
	})
}

func TestALineOfFiles(t *testing.T) {
	begun := time.Unix(1000, 0)
	var out bytes.Buffer
	l := newLine(&out, "photos", false, begun)
	parts, done := OfFiles(l, 2, 3072)
	parts.Expect(1024) // of one file: it was told with all
	parts.Move(1024)
	done()
	l.tick(begun.Add(time.Second))
	parts.Skip(2048)
	done()
	l.finish(begun.Add(time.Second))
	require.Equal(t, "photos: 1 of 2 files, 1.0 KiB of 3.0 KiB (33 %), 1.0 KiB/s, 2 s left\n"+
		"photos: 2 of 2 files, 1.0 KiB in 1 s, 1.0 KiB/s, 2.0 KiB were there already\n", out.String())

	out.Reset()
	l = newLine(&out, "sealed", false, begun)
	parts, _ = OfFiles(l, 1, -1)
	parts.Expect(1024)
	l.tick(begun.Add(time.Second))
	require.Equal(t, "sealed: 0 of 1 files, 0 bytes of 1.0 KiB (0 %), 0 bytes/s\n", out.String())
	parts, done = OfFiles(nil, 1, 1)
	parts.Move(1)
	done()
}
