package console

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/seal"
)

// identityFile of the home has the key that people's content is encrypted to. Daemons of the home have the same.
const identityFile = "encryption.key"

// sealOptions say whether and to whom content is encrypted.
type sealOptions struct {
	encrypt    bool
	recipients []string
}

func (o *sealOptions) bind(flags *pflag.FlagSet) {
	flags.BoolVar(&o.encrypt, "encrypt", false, "encrypt it, to the key in "+identityFile+" of --home (made if there is none)")
	flags.StringSliceVar(&o.recipients, "recipient", nil, "public key of somebody else who can open it, age1…; with --encrypt")
}

// sealer encrypts as the options say; nil: not at all.
func (s *Session) sealer(o sealOptions) (folder.Sealer, error) {
	if !o.encrypt {
		if len(o.recipients) > 0 {
			return nil, badInputf("recipient: nothing is encrypted: add --encrypt")
		}
		return nil, nil
	}
	path := filepath.Join(s.home, identityFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		s.progress("made the key %s: keep a copy, for nothing else opens what is encrypted to it", path)
	}
	own, err := seal.OpenIdentity(path)
	if err != nil {
		return nil, badInputf("encryption key: %w", err)
	}
	to, err := seal.ParseRecipients(append([]string{own.Recipient()}, o.recipients...)...)
	if err != nil {
		return nil, badInputf("recipient: %w", err)
	}
	return to.Reader, nil
}

// errNoIdentity says that this home has no key to open anything with.
var errNoIdentity = errors.New("no encryption key")

// opener decrypts with the key of the home, and says what to do where that does not open it.
func (s *Session) opener() folder.Opener {
	return func(sealed io.Reader) (io.Reader, error) {
		path := filepath.Join(s.home, identityFile)
		key, err := seal.Key{}, fmt.Errorf("%w: %s", errNoIdentity, path)
		if _, missing := os.Stat(path); missing == nil {
			key, err = seal.OpenIdentity(path)
		}
		if err != nil {
			return nil, badInputf("it is encrypted, and there is no key to open it with (%w); --sealed fetches it as it is", err)
		}
		opened, err := key.Reader(sealed)
		if errors.Is(err, seal.ErrSealed) {
			return nil, badInputf("it is encrypted, and %s does not open it (%w); --sealed fetches it as it is", path, err)
		}
		return opened, err
	}
}

// openIfSealed decrypts a stream that begins as what is sealed does.
func (s *Session) openIfSealed(content io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(content)
	beginning, err := buffered.Peek(seal.HeaderSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !seal.IsSealed(beginning) {
		return buffered, nil
	}
	return s.opener()(buffered)
}
