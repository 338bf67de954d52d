package chain

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseJobID reads a job id as it is shown, 0x and hexadecimal digits in either case, leading zeros allowed: "0x1", "0x0001a".
// Zero is no job.
func ParseJobID(s string) (uint64, error) {
	digits, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(s)), "0x")
	if !ok {
		return 0, fmt.Errorf("job id %q does not start with 0x: write it as 0x1a", s)
	}
	id, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("job id %q is not a hexadecimal number: write it as 0x1a", s)
	}
	if id == 0 {
		return 0, fmt.Errorf("job id %q is zero: ids start at 0x1", s)
	}
	return id, nil
}

// FormatJobID writes a job id in its shortest form: "0x1a".
func FormatJobID(id uint64) string { return "0x" + strconv.FormatUint(id, 16) }
