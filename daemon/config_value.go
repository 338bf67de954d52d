package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cosmossdk.io/math"
	"go.yaml.in/yaml/v3"

	"github.com/ain-network/aind/chain"
)

// JobID is written 0x1a.
type JobID uint64

// UnmarshalYAML reads 0x1a, with or without quotes.
func (j *JobID) UnmarshalYAML(node *yaml.Node) error {
	id, err := chain.ParseJobID(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*j = JobID(id)
	return nil
}

func (j JobID) String() string { return chain.FormatJobID(uint64(j)) }

// Amount is money in uain, written in AIN or as 10uain. Its zero value is no money.
type Amount struct{ value math.Int }

// NewAmount is an amount of uain.
func NewAmount(value math.Int) Amount { return Amount{value} }

// Int is the amount in uain.
func (a Amount) Int() math.Int {
	if a.value.IsNil() {
		return math.ZeroInt()
	}
	return a.value
}

// UnmarshalYAML reads what chain.ParseCoin does.
func (a *Amount) UnmarshalYAML(node *yaml.Node) error {
	coin, err := chain.ParseCoin(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	a.value = coin.Amount
	return nil
}

// Duration is written 500ms, 10s, 1h.
type Duration time.Duration

// Std is the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// UnmarshalYAML reads what time.ParseDuration does.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	value, err := time.ParseDuration(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is not a duration: write 500ms, 10s or 1h", node.Line, node.Value)
	}
	*d = Duration(value)
	return nil
}

// Bytes is a size, written 65536, 512KiB, 64MiB or 4GiB.
type Bytes int64

// units from the longest name to the shortest, for B ends them all.
var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}}

// ParseBytes reads a size.
func ParseBytes(text string) (Bytes, error) {
	for _, unit := range units {
		digits, ok := strings.CutSuffix(strings.TrimSpace(text), unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > (1<<62)/unit.bytes {
			break
		}
		return Bytes(n * unit.bytes), nil
	}
	return 0, fmt.Errorf("%q is not a size: write 65536, 512KiB, 64MiB or 4GiB", text)
}

// UnmarshalYAML reads what ParseBytes does.
func (b *Bytes) UnmarshalYAML(node *yaml.Node) error {
	size, err := ParseBytes(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*b = size
	return nil
}

func contains[T comparable](list []T, value T) bool { return slices.Contains(list, value) }
