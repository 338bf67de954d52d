package wasm

import "errors"

// errOutputLimit is thrown through the engine to stop a program at once: one told of a failed write might try for ever.
var errOutputLimit = errors.New("output limit reached")

// output collects what a program writes to standard output.
type output struct {
	buf   []byte
	limit int64
}

// Write implements io.Writer. It panics with errOutputLimit when the limit is passed; the engine turns that into the run's error.
func (o *output) Write(p []byte) (int, error) {
	if int64(len(o.buf))+int64(len(p)) > o.limit {
		panic(errOutputLimit)
	}
	o.buf = append(o.buf, p...)
	return len(p), nil
}
