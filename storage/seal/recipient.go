package seal

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
)

// header begins everything that age seals.
const header = "age-encryption.org/v1\n"

// HeaderSize is how many bytes IsSealed looks at.
const HeaderSize = len(header)

// IsSealed says whether content begins as sealed content does. Only opening it tells whether it is.
func IsSealed(beginning []byte) bool { return bytes.HasPrefix(beginning, []byte(header)) }

// Recipients are those who can open what is sealed to them, each by itself.
type Recipients []age.Recipient

// ParseRecipients reads public keys, age1….
func ParseRecipients(texts ...string) (Recipients, error) {
	var all Recipients
	for _, text := range texts {
		recipient, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %.80q: want a public key, age1… (a secret one is told to nobody)", ErrKey, redact(text))
		}
		all = append(all, recipient)
	}
	return all, nil
}

// redact keeps a secret key that was given by mistake out of words that are shown and logged.
func redact(text string) string {
	if len(text) > 10 && !strings.HasPrefix(text, "age1") {
		return text[:10] + "…"
	}
	return text
}

// Writer seals what is written to it into dst. Close ends the content; without it nobody can open it.
func (r Recipients) Writer(dst io.Writer) (io.WriteCloser, error) { return age.Encrypt(dst, r...) }

// Reader yields what src has, sealed. It must be closed; what it reads of src ends with that.
func (r Recipients) Reader(src io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() {
		w, err := r.Writer(in)
		if err == nil {
			_, err = io.Copy(w, src)
			if err == nil {
				err = w.Close()
			}
		}
		in.CloseWithError(err) // nil: the end
	}()
	return out
}
