package types

import (
	"slices"
	"unicode/utf8"

	"github.com/ain-network/aind/program"
)

// maxRequirement bounds the numbers of a requirement.
const maxRequirement = 1 << 60

// Validate checks an admin's terms and turns amounts that were left out into zero.
func (t *TermsSpec) Validate(p Params) error {
	if err := validateRequirement("terms.requirement", t.Requirement, p); err != nil {
		return err
	}
	if err := normalizeAmount("terms.min_deposit", &t.MinDeposit); err != nil {
		return err
	}
	if err := normalizeAmount("terms.challenge_fee", &t.ChallengeFee); err != nil {
		return err
	}
	if t.Bond != nil {
		if err := normalizeAmount("terms.bond.amount", &t.Bond.Amount); err != nil {
			return err
		}
	}
	if err := t.validateMetrics(p); err != nil {
		return err
	}
	if err := t.validateExecution(); err != nil {
		return err
	}
	if err := t.validateCheckpoint(p); err != nil {
		return err
	}
	for _, window := range t.Windows.named() {
		if window.value == 0 {
			continue
		}
		if err := p.checkWindow("terms.windows."+window.name, window.value); err != nil {
			return err
		}
	}
	return nil
}

// ByExecution tells whether the majority of equal results is right.
func (t TermsSpec) ByExecution() bool { return t.Verification == VERIFICATION_EXECUTION }

// validateExecution holds what results have to be that are compared with each other.
func (t *TermsSpec) validateExecution() error {
	switch {
	case !t.ByExecution():
		return nil
	case !t.Deterministic:
		return ErrInvalid.Wrap("terms.deterministic: not set, but verification is by execution; only the results of a deterministic program can be compared")
	case t.OpenResults:
		return ErrInvalid.Wrap("terms.open_results: set, but verification is by execution; who sees a result can repeat it")
	case len(t.Metrics) > 0:
		return ErrInvalid.Wrapf("terms.metrics: %d, but verification is by execution; the majority decides, and no program measures", len(t.Metrics))
	}
	return nil
}

// validateMetrics checks the job's own measures, apart from its schema.
func (t *TermsSpec) validateMetrics(p Params) error {
	if err := checkLength("terms.metrics", len(t.Metrics), p.MaxMetrics); err != nil {
		return err
	}
	for i, metric := range t.Metrics {
		path := index("terms.metrics", i)
		if metric.Fold < program.METRIC_FOLD_SUM || metric.Fold > program.METRIC_FOLD_LAST {
			return ErrInvalid.Wrapf("%s.fold: %s: want sum, min, max or last", path, metric.Fold)
		}
		if err := validateText(path+".field", metric.Field, p.MaxNameBytes, false); err != nil {
			return err
		}
		if slices.Contains(t.Metrics[:i], metric) {
			return ErrInvalid.Wrapf("%s: %s of %s is there twice", path, metric.Fold, metric.Field)
		}
	}
	return nil
}

func validateRequirement(path string, r program.Capability, p Params) error {
	if err := checkLength(path+".gpus", len(r.GPUs), p.MaxTags); err != nil {
		return err
	}
	if err := checkLength(path+".tags", len(r.Tags), p.MaxTags); err != nil {
		return err
	}
	numbers := []namedNumber{
		{"cpu_millis", r.CPUMillis},
		{"memory_bytes", r.MemoryBytes},
		{"disk_bytes", r.DiskBytes},
		{"free_storage_bytes", r.FreeStorageBytes},
	}
	texts := []struct{ name, value string }{{"arch", r.Arch}, {"os", r.OS}}
	for i, tag := range r.Tags {
		texts = append(texts, struct{ name, value string }{index("tags", i), tag})
	}
	for i, gpu := range r.GPUs {
		numbers = append(numbers, namedNumber{index("gpus", i) + ".memory_bytes", gpu.MemoryBytes})
		texts = append(texts,
			struct{ name, value string }{index("gpus", i) + ".vendor", gpu.Vendor},
			struct{ name, value string }{index("gpus", i) + ".model", gpu.Model})
	}
	for _, number := range numbers {
		if number.value > maxRequirement {
			return ErrLimit.Wrapf("%s.%s: %d of at most 2^60", path, number.name, number.value)
		}
	}
	for _, text := range texts {
		if err := validateText(path+"."+text.name, text.value, p.MaxNameBytes, false); err != nil {
			return err
		}
	}
	return nil
}

// MergeRequirements is what a node must offer to cover both a and b.
func MergeRequirements(a, b program.Capability) (program.Capability, error) {
	merged := program.Capability{
		CPUMillis:        max(a.CPUMillis, b.CPUMillis),
		MemoryBytes:      max(a.MemoryBytes, b.MemoryBytes),
		DiskBytes:        max(a.DiskBytes, b.DiskBytes),
		FreeStorageBytes: max(a.FreeStorageBytes, b.FreeStorageBytes),
		GPUs:             append(append([]program.GPU{}, a.GPUs...), b.GPUs...),
		Tags:             append(append([]string{}, a.Tags...), b.Tags...),
		Arch:             a.Arch,
		OS:               a.OS,
	}
	if b.Arch != "" {
		if a.Arch != "" && a.Arch != b.Arch {
			return merged, ErrInvalid.Wrapf("spec.requirement.arch: %q, but the job needs %q", b.Arch, a.Arch)
		}
		merged.Arch = b.Arch
	}
	if b.OS != "" {
		if a.OS != "" && a.OS != b.OS {
			return merged, ErrInvalid.Wrapf("spec.requirement.os: %q, but the job needs %q", b.OS, a.OS)
		}
		merged.OS = b.OS
	}
	return merged, nil
}

// validateText bounds a text and keeps out what would garble a terminal. Line
// breaks are for texts of several lines only. What is hidden is named by number: the
// Unicode tables of the standard library differ between its versions, and so between
// validators.
func validateText(path, text string, limit uint32, lines bool) error {
	if err := checkLength(path, len(text), limit); err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return ErrInvalid.Wrapf("%s: not UTF-8", path)
	}
	for _, r := range text {
		if isHidden(r) && !(lines && r == '\n') {
			return ErrInvalid.Wrapf("%s: character %U cannot be printed", path, r)
		}
	}
	return nil
}

// isHidden tells characters that show nothing themselves and change what others show:
// controls, marks of width zero, and marks of the direction of text.
func isHidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == 0xad, r == 0x61c, r == 0xfeff:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	}
	return false
}
