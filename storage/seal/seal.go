// Package seal encrypts content for those who are granted its key, with age.
//
// A client makes a [Key] for each request, seals its data to it once, and stores the
// ciphertext: that is what digests name. It grants the key by wrapping it to the
// [Identity] of each node that has to read the data. Who has no key learns the size of
// the content and nothing else; who was granted it can read what was sealed to it, and
// no software prevents it from keeping a copy.
//
// Content that was cut, changed or sealed to another key is refused with [ErrSealed],
// at the latest at its end: what was read before belongs to nobody and must be thrown
// away, as with [storage.Store].
package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// Errors of this package. Test with errors.Is.
var (
	// ErrSealed says that content cannot be opened: it was changed, cut, or sealed to another key.
	ErrSealed = errors.New("cannot be opened with this key")
	// ErrKey says that something is no key, or none that was wrapped to this identity.
	ErrKey = errors.New("not a key")
)

// Key opens what was sealed to it. It prints without its secret.
type Key struct{ identity *age.X25519Identity }

// NewKey makes a key.
func NewKey() (Key, error) {
	identity, err := age.GenerateX25519Identity()
	return Key{identity}, err
}

// ParseKey reads what Secret wrote.
func ParseKey(secret string) (Key, error) {
	identity, err := age.ParseX25519Identity(secret)
	if err != nil {
		return Key{}, fmt.Errorf("%w: want AGE-SECRET-KEY-1…", ErrKey) // age's error may quote the secret
	}
	return Key{identity}, nil
}

// Secret is the key as text, AGE-SECRET-KEY-1….
func (k Key) Secret() string { return k.identity.String() }

// Recipient is the public half, age1….
func (k Key) Recipient() string { return k.identity.Recipient().String() }

// String is the public half: a key that is printed by mistake gives nothing away.
func (k Key) String() string { return k.Recipient() }

// Writer seals what is written to it into dst. Close ends the content; without it nobody can open it.
func (k Key) Writer(dst io.Writer) (io.WriteCloser, error) {
	return age.Encrypt(dst, k.identity.Recipient())
}

// Reader opens what src has. A Read that fails with ErrSealed says that what was read before must be thrown away; src's own errors
// come as they are.
func (k Key) Reader(src io.Reader) (io.Reader, error) {
	from := &source{r: src}
	opened, err := age.Decrypt(from, k.identity)
	if err != nil {
		return nil, from.explain(err)
	}
	return &reader{opened, from}, nil
}

// Seal is Writer for content in memory.
func (k Key) Seal(content []byte) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := k.Writer(&sealed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// Open is Reader for content in memory. A content of no bytes comes back as an empty slice, not nil.
func (k Key) Open(sealed []byte) ([]byte, error) {
	r, err := k.Reader(bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// source remembers an error that is not the content's fault.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// explain tells a source that failed from content that cannot be opened. Age's own words go without their chain: what is wrong in a
// stranger's content is nobody's io.ErrUnexpectedEOF.
func (s *source) explain(err error) error {
	if s.err != nil {
		return s.err
	}
	return fmt.Errorf("%w: %s", ErrSealed, err.Error())
}

type reader struct {
	r    io.Reader
	from *source
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.from.explain(err)
	}
	return n, err
}
