package sandbox

import (
	"context"
	"errors"
	"fmt"
)

// Kinds runs every kind of program in the sandbox that is for it. One sandbox may stand for several kinds.
type Kinds map[Kind]Sandbox

var _ Sandbox = Kinds(nil)

// Supports implements Sandbox.
func (k Kinds) Supports(kind Kind) bool {
	box, ok := k[kind]
	return ok && box.Supports(kind)
}

// Prepare implements Sandbox.
func (k Kinds) Prepare(ctx context.Context, p Program) error {
	box, err := k.of(p)
	if err != nil {
		return err
	}
	return box.Prepare(ctx, p)
}

// Run implements Sandbox.
func (k Kinds) Run(ctx context.Context, r Run) (*Result, error) {
	box, err := k.of(r.Program)
	if err != nil {
		return nil, err
	}
	return box.Run(ctx, r)
}

// Close implements Sandbox. It closes each sandbox once.
func (k Kinds) Close() error {
	closed := map[Sandbox]bool{}
	var problems []error
	for _, box := range k {
		if !closed[box] {
			closed[box] = true
			problems = append(problems, box.Close())
		}
	}
	return errors.Join(problems...)
}

func (k Kinds) of(p Program) (Sandbox, error) {
	if box, ok := k[p.Kind]; ok {
		return box, nil
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: program of kind %q", ErrUnsupported, p.Kind)
}
