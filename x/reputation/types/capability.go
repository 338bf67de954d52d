package types

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/ain-network/aind/program"
)

// ValidateCapability checks what a node states against the limits in params.
// Numbers are the node's own word; only their text and counts are bounded.
func ValidateCapability(c program.Capability, p Params) error {
	if n := len(c.Tags); n > int(p.MaxTags) {
		return ErrInvalidCapability.Wrapf("tags: %d of at most %d", n, p.MaxTags)
	}
	if n := len(c.GPUs); n > int(p.MaxGpus) {
		return ErrInvalidCapability.Wrapf("gpus: %d kinds of at most %d", n, p.MaxGpus)
	}
	texts := []struct{ field, value string }{{"arch", c.Arch}, {"os", c.OS}}
	for i, tag := range c.Tags {
		if tag == "" {
			return ErrInvalidCapability.Wrapf("tags[%d]: empty", i)
		}
		if slices.Contains(c.Tags[:i], tag) {
			return ErrInvalidCapability.Wrapf("tags[%d]: %q appears twice", i, tag)
		}
		texts = append(texts, struct{ field, value string }{fmt.Sprintf("tags[%d]", i), tag})
	}
	for i, gpu := range c.GPUs {
		if gpu.Count == 0 {
			return ErrInvalidCapability.Wrapf("gpus[%d].count: 0; leave out what is not there", i)
		}
		texts = append(texts,
			struct{ field, value string }{fmt.Sprintf("gpus[%d].vendor", i), gpu.Vendor},
			struct{ field, value string }{fmt.Sprintf("gpus[%d].model", i), gpu.Model})
	}
	for _, text := range texts {
		if fault := textFault(text.value, p.MaxStringBytes); fault != "" {
			return ErrInvalidCapability.Wrapf("%s: %s", text.field, fault)
		}
	}
	return nil
}

// ValidateReason checks the text that an admin gives an applicant.
func ValidateReason(reason string, p Params) error {
	if fault := textFault(reason, p.MaxStringBytes); fault != "" {
		return ErrInvalidReason.Wrapf("reason: %s", fault)
	}
	return nil
}

// textFault says what is wrong with a text that terminals and pages will show.
// Control characters are named by number: the Unicode tables of the standard
// library differ between its versions, and so between validators.
func textFault(s string, limit uint32) string {
	if len(s) > int(limit) {
		return fmt.Sprintf("%d bytes of at most %d", len(s), limit)
	}
	if !utf8.ValidString(s) {
		return "not valid UTF-8"
	}
	for _, r := range s {
		if r < 0x20 || (r >= 0x7f && r <= 0x9f) {
			return fmt.Sprintf("control character %#x", r)
		}
	}
	return ""
}
