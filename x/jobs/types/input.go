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

// Validate checks an input apart from decoding it. path names it in errors.
func (i Input) Validate(path string, p Params) error {
	return validateContent(path, i.Inline, i.Reference, p)
}

// Validate checks a result apart from decoding it. path names it in errors.
func (r Result) Validate(path string, p Params) error {
	return validateContent(path, r.Inline, r.Reference, p)
}
