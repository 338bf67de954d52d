package seal

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// Keys are those of one request. Each may be absent.
type Keys struct {
	// Data opens the input, and the results are sealed to it.
	Data *Key
	// Evaluator opens the evaluator's own input.
	Evaluator *Key
}

// Names of the lines that keys are written in, after the first, which names the format.
const (
	keysFormat    = "ain/keys/v1"
	dataLine      = "data"
	evaluatorLine = "evaluator"
)

// maxKeys bounds what is unwrapped, in bytes: two keys have fewer than 200.
const maxKeys = 1 << 10

func (k Keys) text() string {
	lines := []string{keysFormat}
	if k.Data != nil {
		lines = append(lines, dataLine+" "+k.Data.Secret())
	}
	if k.Evaluator != nil {
		lines = append(lines, evaluatorLine+" "+k.Evaluator.Secret())
	}
	return strings.Join(lines, "\n") + "\n"
}

// Encode writes keys as DecodeKeys reads them: a secret, for its owner's disk.
func (k Keys) Encode() []byte { return []byte(k.text()) }

// DecodeKeys reads keys. Each line is a name and a secret, after the line ain/keys/v1; what it does not know it refuses.
func DecodeKeys(text []byte) (Keys, error) {
	var keys Keys
	lines := strings.Split(string(text), "\n")
	if len(lines) < 2 || lines[0] != keysFormat || lines[len(lines)-1] != "" {
		return keys, fmt.Errorf("%w: want lines that begin with %s", ErrKey, keysFormat)
	}
	for _, line := range lines[1 : len(lines)-1] {
		name, secret, _ := strings.Cut(line, " ")
		into, known := map[string]**Key{dataLine: &keys.Data, evaluatorLine: &keys.Evaluator}[name]
		if !known || *into != nil {
			return Keys{}, fmt.Errorf("%w: a line that is neither one %s nor one %s", ErrKey, dataLine, evaluatorLine)
		}
		key, err := ParseKey(secret)
		if err != nil {
			return Keys{}, err
		}
		*into = &key
	}
	return keys, nil
}

// Wrap encrypts keys to a node's recipient, age1…: what MsgGrantKey carries.
func (k Keys) Wrap(recipient string) ([]byte, error) {
	to, err := age.ParseX25519Recipient(recipient)
	if err != nil {
		return nil, fmt.Errorf("%w: recipient %.80q: want age1…", ErrKey, recipient)
	}
	var wrapped bytes.Buffer
	w, err := age.Encrypt(&wrapped, to)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, k.text()); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return wrapped.Bytes(), nil
}

// Unwrap opens keys that were wrapped to this key's recipient.
func (k Key) Unwrap(wrapped []byte) (Keys, error) {
	r, err := k.Reader(bytes.NewReader(wrapped))
	if err != nil {
		return Keys{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxKeys+1))
	switch {
	case err != nil:
		return Keys{}, fmt.Errorf("%w: %w", ErrKey, err)
	case len(text) > maxKeys:
		return Keys{}, fmt.Errorf("%w: more than %d bytes", ErrKey, maxKeys)
	}
	return DecodeKeys(text)
}
