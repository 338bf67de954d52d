package docker

import (
	"context"
	"errors"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
)

// reconcile removes the containers that an earlier process of this sandbox left. None can be taken over: what a program writes goes to
// the daemon that started it, and the warden ended its program when that was gone. The daemon's journal runs it again.
func (b *Box) reconcile(ctx context.Context) error {
	left, err := b.containers(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, c := range left {
		if c.Labels[labelStart] == b.start {
			continue
		}
		b.cfg.Log.Warn("removing a container that an earlier process left", "container", c.ID, "state", c.State, "labels", c.Labels)
		problems = append(problems, b.remove(ctx, c.ID))
	}
	return errors.Join(problems...)
}

// reconcileLate looks once more, after as long as a container may take to be made: one that an earlier process asked for
// before it was killed is made by the engine all the same, perhaps after this process has looked.
func (b *Box) reconcileLate() {
	if b.begin() != nil {
		return
	}
	defer b.runs.Done()
	if err := b.reconcile(b.ctx); err != nil {
		b.cfg.Log.Warn("containers of an earlier process may be left", "error", err)
	}
}

// containers are all of this sandbox, running or not.
func (b *Box) containers(ctx context.Context) ([]container.Summary, error) {
	found, err := b.engine.ContainerList(ctx, container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", labelInstance+"="+b.instance)),
	})
	if err != nil {
		return nil, engineError("list containers", err)
	}
	return found, nil
}

// remove ends and removes a container. One that is gone, or going, is no error.
func (b *Box) remove(ctx context.Context, id string) error {
	err := b.engine.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if err == nil || errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return engineError("remove container "+id, err)
}
