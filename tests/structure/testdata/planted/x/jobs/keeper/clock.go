package keeper

import "time"

// now is what the linter must refuse.
func now() time.Time { return time.Now() }

var _ = now
