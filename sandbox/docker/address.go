package docker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxAddress is the length of the longest address. No tar file is as short.
const maxAddress = 512

// readAddress reads a program's file if it is the address of an image in a registry: host/repository@sha256:…, one line of text. Its errors
// are ErrDigest, ErrReference and those of the file.
func readAddress(file, digest string) (address name.Digest, is bool, err error) {
	f, err := os.Open(file)
	if err != nil {
		return address, false, fmt.Errorf("program file: %w", err)
	}
	defer f.Close()
	content := make([]byte, maxAddress+1)
	n, err := io.ReadFull(f, content)
	switch {
	case err == nil:
		return address, false, nil
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return address, false, fmt.Errorf("program file: %w", err)
	}
	if err := matches(content[:n], digest); err != nil {
		return address, true, err
	}
	address, err = parseAddress(strings.TrimSuffix(string(content[:n]), "\n"))
	return address, true, err
}

// repositoryPattern is that of OCI's distribution specification.
var repositoryPattern = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

// parseAddress takes nothing but a digest for an answer: what a tag stands for can change after somebody signed it.
func parseAddress(text string) (name.Digest, error) {
	repository, _, ok := strings.Cut(text, "@")
	if !ok {
		return name.Digest{}, refuse(ErrReference, "%q: want host/repository@sha256:…, the digest that a push prints; a tag can be moved", text)
	}
	if _, tag, ok := strings.Cut(repository[strings.LastIndex(repository, "/")+1:], ":"); ok {
		return name.Digest{}, refuse(ErrReference, "%q: leave out the tag %q, the digest says all", text, tag)
	}
	address, err := name.NewDigest(text, name.StrictValidation)
	if err != nil || !repositoryPattern.MatchString(address.Context().RepositoryStr()) || !digestPattern.MatchString(address.DigestStr()) {
		return name.Digest{}, refuse(ErrReference, "%q: want host/repository@sha256: and 64 hex digits", text)
	}
	return address, nil
}
