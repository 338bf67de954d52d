package console

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Values of --output.
const (
	outputText = "text"
	outputJSON = "json"
)

func (s *Session) isJSON() bool { return s.settings.Output == outputJSON }

// print writes a result: lines for people, or one JSON value.
func (s *Session) print(value any, lines ...string) error {
	if s.isJSON() {
		encoder := json.NewEncoder(s.env.Out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(value)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(s.env.Out, line); err != nil {
			return err
		}
	}
	return nil
}

// progress tells a person what is going on. A pipe that is gone must not stop the work, so errors do not count.
func (s *Session) progress(format string, args ...any) {
	if !s.isJSON() {
		_, _ = fmt.Fprintf(s.env.Err, format+"\n", args...)
	}
}

// table aligns rows; the first is the heading.
func table(rows ...[]string) []string {
	var text strings.Builder
	writer := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = plain(cell)
		}
		fmt.Fprintln(writer, strings.Join(row, "\t"))
	}
	writer.Flush()
	lines := strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// plain quotes a stranger's text where it has characters that could steer a terminal.
func plain(text string) string {
	for _, r := range text {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return strconv.Quote(text)
		}
	}
	return text
}

// count writes "1 worker", "3 workers".
func count[N uint32 | uint64 | int](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
