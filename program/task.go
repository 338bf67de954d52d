package program

import (
	"errors"
	"fmt"
	"strings"
)

// Kinds of code, as Code.Kind has them.
const (
	CodeWASM   = "wasm"
	CodeScript = "script"
	CodeImage  = "image"
)

// CustomCodeTag is the software of a node whose owner lets it run what requests name.
const CustomCodeTag = "custom-code"

// Bounds of what a request names.
const (
	maxCodeFiles = 256
	maxCodeArgs  = 256
	maxFileName  = 255
)

// Validate says what of a task nobody could run, and the fix. A task without a program is none: nothing is run.
func (t Task) Validate() error {
	if t.Program == nil {
		return errors.New("program: missing; name what is to be run")
	}
	if err := t.Program.validate("program"); err != nil || t.Check == nil {
		return err
	}
	return t.Check.validate("check")
}

func (c Code) validate(path string) error {
	switch c.Kind {
	case CodeWASM, CodeScript, CodeImage:
	default:
		return fmt.Errorf("%s.kind: %.40q: want %s, %s or %s", path, c.Kind, CodeWASM, CodeScript, CodeImage)
	}
	if err := validateContent(path, c.Digest, c.Size_); err != nil {
		return err
	}
	if c.EntryPoint != "" && c.Kind != CodeImage {
		return fmt.Errorf("%s.entry_point: %.40q: only an image has one; leave it out", path, c.EntryPoint)
	}
	if len(c.Args) > maxCodeArgs {
		return fmt.Errorf("%s.args: %d of at most %d", path, len(c.Args), maxCodeArgs)
	}
	for i, arg := range c.Args {
		if strings.ContainsRune(arg, 0) {
			return fmt.Errorf("%s.args[%d]: holds NUL", path, i)
		}
	}
	if len(c.Files) > maxCodeFiles {
		return fmt.Errorf("%s.files: %d of at most %d", path, len(c.Files), maxCodeFiles)
	}
	names := map[string]bool{}
	for i, file := range c.Files {
		at := fmt.Sprintf("%s.files[%d]", path, i)
		if names[file.Name] {
			return fmt.Errorf("%s.name: %q: given twice", at, file.Name)
		}
		names[file.Name] = true
		if !isFileName(file.Name) {
			return fmt.Errorf("%s.name: %.80q: want a plain file name", at, file.Name)
		}
		if err := validateContent(at, file.Digest, file.Size_); err != nil {
			return err
		}
	}
	return nil
}

func isFileName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= maxFileName && !strings.ContainsAny(name, "/\\\x00")
}

func validateContent(path, digest string, size uint64) error {
	hex, ok := strings.CutPrefix(digest, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return fmt.Errorf("%s.digest: %.80q: want sha256: and 64 lower-case hex digits", path, digest)
	}
	if size == 0 {
		return fmt.Errorf("%s.size: 0 bytes; want at least 1", path)
	}
	return nil
}
