package console

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// errUnfinished: a line ends inside of braces or quotes.
var errUnfinished = errors.New("unfinished")

// splitLine splits a line of the console into a verb and its arguments. Words are separated by spaces; what stands
// between braces, brackets or quotes is one word, so that objects need no quotes around them. Quotes around a whole word
// are taken off; those inside of an object belong to it. An error wraps errUnfinished where more lines could complete it.
func splitLine(line string) ([]string, error) {
	var words []string
	rest := strings.TrimSpace(line)
	for rest != "" {
		length, err := wordLength(rest)
		if err != nil {
			return nil, err
		}
		words = append(words, unquote(rest[:length]))
		rest = strings.TrimSpace(rest[length:])
	}
	return words, nil
}

// wordLength is the length of the word that text begins with.
func wordLength(text string) (int, error) {
	var open []rune // brackets and quotes that are not closed yet
	for i, r := range text {
		if n := len(open); n > 0 && isQuote(open[n-1]) {
			if r == open[n-1] {
				open = open[:n-1]
			}
			continue
		}
		switch {
		case unicode.IsSpace(r) && len(open) == 0:
			return i, nil
		case isQuote(r) && (len(open) > 0 || i == 0 || text[i-1] == '='):
			open = append(open, r)
		case r == '{' || r == '[':
			open = append(open, closing[r])
		case r == '}' || r == ']':
			if len(open) == 0 || open[len(open)-1] != r {
				return 0, badInputf("line: %q without its partner at %q", r, text[i:])
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return 0, badInput(fmt.Errorf("line: %w: %q is missing", errUnfinished, open[len(open)-1]))
	}
	return len(text), nil
}

var closing = map[rune]rune{'{': '}', '[': ']'}

func isQuote(r rune) bool { return r == '"' || r == '\'' }

// unquote takes the quotes off a word that is one quoted text.
func unquote(word string) string {
	if n := len(word); n >= 2 && isQuote(rune(word[0])) && word[n-1] == word[0] {
		return word[1 : n-1]
	}
	return word
}
