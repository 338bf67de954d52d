package types

// validate checks an input or result apart from decoding it. path names it in errors.
func validateContent(path string, inline []byte, reference *Reference, p Params) error {
	if reference == nil {
		if len(inline) > int(p.MaxInlineBytes) {
			return ErrLimit.Wrapf("%s.inline: %d bytes of at most %d; put it into storage and give its reference",
				path, len(inline), p.MaxInlineBytes)
		}
		return nil
	}
	if len(inline) > 0 {
		return ErrInvalid.Wrapf("%s: both inline and reference are set; leave one out", path)
	}
	return reference.validate(path+".reference", p)
}

func (r Reference) validate(path string, p Params) error {
	if _, err := ParseDigest(r.Digest); err != nil {
		return ErrInvalid.Wrapf("%s.digest: %.80q: want sha256: and 64 lower-case hex digits", path, r.Digest)
	}
	if r.Size_ > p.MaxReferenceBytes {
		return ErrLimit.Wrapf("%s.size: %d bytes of at most %d", path, r.Size_, p.MaxReferenceBytes)
	}
	return nil
}

// EvaluatorInputName is the file in which an evaluator's program finds the evaluator's own input.
const EvaluatorInputName = "evaluator_input"

// maxFileName is the longest name of a file, in bytes.
const maxFileName = 100

// Validate checks an input apart from decoding it. path names it in errors.
func (i Input) Validate(path string, p Params) error {
	if err := validateContent(path, i.Inline, i.Reference, p); err != nil {
		return err
	}
	return validateFiles(path+".files", i.Files, p)
}

// validateFiles checks files that programs see or left, by themselves.
func validateFiles(path string, files []NamedReference, p Params) error {
	if len(files) > int(p.MaxFiles) {
		return ErrLimit.Wrapf("%s: %d of at most %d; put several into an archive", path, len(files), p.MaxFiles)
	}
	names := map[string]bool{}
	for at, file := range files {
		path := index(path, at)
		switch {
		case !isFileName(file.Name):
			return ErrInvalid.Wrapf("%s.name: %.120q: want 1 to %d of a-z A-Z 0-9 . _ -, beginning with a letter, a digit or _", path, file.Name, maxFileName)
		case file.Name == EvaluatorInputName:
			return ErrInvalid.Wrapf("%s.name: %s is where programs find the evaluator's own input; choose another name", path, file.Name)
		case names[file.Name]:
			return ErrInvalid.Wrapf("%s.name: %s is given twice", path, file.Name)
		}
		names[file.Name] = true
		if err := file.Reference.validate(path+".reference", p); err != nil {
			return err
		}
	}
	return nil
}

// isFileName tells whether every system can have a file of that name. What begins with a dot or a dash would be hidden, or an option.
func isFileName(name string) bool {
	if name == "" || len(name) > maxFileName || name[0] == '.' || name[0] == '-' {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// Validate checks a result apart from decoding it. path names it in errors.
func (r Result) Validate(path string, p Params) error {
	if err := validateContent(path, r.Inline, r.Reference, p); err != nil {
		return err
	}
	if err := validateFiles(path+".files", r.Files, p); err != nil {
		return err
	}
	first := uint64(0)
	for _, content := range r.content(path) {
		if first == 0 {
			first = content.Space
		}
		if content.Space != 0 && content.Space != first {
			return ErrInvalid.Wrapf("%s.space: %d, but other content of the result lies in space %d; put all of it into one", content.Path, content.Space, first)
		}
	}
	return nil
}
