package daemon

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ain-network/aind/program"
)

// Words for all GPUs of this machine, and for none.
const (
	gpusAll = "all"
	gpusOff = "off"
)

// GPU is one device of this machine.
type GPU struct {
	ID          string `json:"id"` // the driver's, which stays when devices are added
	Vendor      string `json:"vendor"`
	Model       string `json:"model"`
	MemoryBytes uint64 `json:"memory_bytes,string"`
}

// ErrGPU says why a GPU cannot be given to programs.
var ErrGPU = errors.New("gpu")

// FindGPUs asks the driver's own tool for the devices of this machine. Without the tool there are none.
func FindGPUs(ctx context.Context) ([]GPU, error) {
	cmd := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=uuid,name,memory.total", "--format=csv,noheader,nounits")
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: nvidia-smi: %w: is the driver loaded?", ErrGPU, err)
	}
	lines := csv.NewReader(bytes.NewReader(out))
	lines.TrimLeadingSpace, lines.FieldsPerRecord = true, 3
	records, err := lines.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w: nvidia-smi: %w", ErrGPU, err)
	}
	var found []GPU
	for _, record := range records {
		mib, err := strconv.ParseUint(strings.TrimSpace(record[2]), 10, 40)
		if err != nil || record[0] == "" {
			return nil, fmt.Errorf("%w: nvidia-smi: device %q has memory %q", ErrGPU, record[0], record[2])
		}
		found = append(found, GPU{ID: record[0], Vendor: "nvidia", Model: record[1], MemoryBytes: mib << 20})
	}
	return found, nil
}

// chooseGPUs takes of the machine's devices those that the owner named, by id, or all.
func chooseGPUs(found []GPU, named []string) ([]GPU, error) {
	if len(named) == 0 || slices.Equal(named, []string{gpusOff}) {
		return nil, nil
	}
	if slices.Equal(named, []string{gpusAll}) {
		if len(found) == 0 {
			return nil, fmt.Errorf("%w: sandbox.docker.gpus is all, and there is none: install the driver, or leave it out", ErrGPU)
		}
		return found, nil
	}
	var chosen []GPU
	for _, id := range named {
		i := slices.IndexFunc(found, func(g GPU) bool { return g.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("%w: sandbox.docker.gpus names %q, which is not there: `nvidia-smi -L` lists those that are", ErrGPU, id)
		}
		if slices.Contains(chosen, found[i]) {
			return nil, fmt.Errorf("%w: sandbox.docker.gpus names %q twice", ErrGPU, id)
		}
		chosen = append(chosen, found[i])
	}
	return chosen, nil
}

// offeredGPUs are devices as a capability: those that are alike counted together.
func offeredGPUs(devices []GPU) []program.GPU {
	var offered []program.GPU
	for _, d := range devices {
		i := slices.IndexFunc(offered, func(o program.GPU) bool {
			return o.Vendor == d.Vendor && o.Model == d.Model && o.MemoryBytes == d.MemoryBytes
		})
		if i < 0 {
			offered, i = append(offered, program.GPU{Vendor: d.Vendor, Model: d.Model, MemoryBytes: d.MemoryBytes}), len(offered)
		}
		offered[i].Count++
	}
	return offered
}

// GPUs gives devices to runs, each to one at a time.
type GPUs struct {
	Devices []GPU

	mu    sync.Mutex
	taken map[string]uint64 // by id: the request that has it
}

// Take gives a request the devices that it needs, or those that it has already. It says what is missing; empty: nothing.
func (g *GPUs) Take(requestID uint64, needs []program.GPU) (ids []string, missing string) {
	if len(needs) == 0 {
		return nil, ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var free []GPU
	for _, d := range g.Devices {
		switch holder, taken := g.taken[d.ID]; {
		case taken && holder == requestID:
			ids = append(ids, d.ID)
		case !taken:
			free = append(free, d)
		}
	}
	if len(ids) > 0 {
		return ids, ""
	}
	for _, need := range needs {
		if missing := (program.Capability{GPUs: offeredGPUs(free)}).Lacks(program.Capability{GPUs: []program.GPU{need}}); missing != "" {
			return nil, missing
		}
		ids = addFitting(ids, free, need)
	}
	if g.taken == nil {
		g.taken = map[string]uint64{}
	}
	for _, id := range ids {
		g.taken[id] = requestID
	}
	return ids, ""
}

// addFitting adds devices until enough of them fit a need. Needs of one request share: a device may fit several.
func addFitting(ids []string, devices []GPU, need program.GPU) []string {
	fits := func(d GPU) bool {
		one := program.Capability{GPUs: offeredGPUs([]GPU{d})}
		need := need
		need.Count = 1
		return one.Lacks(program.Capability{GPUs: []program.GPU{need}}) == ""
	}
	var have uint32
	for _, d := range devices {
		if fits(d) && slices.Contains(ids, d.ID) {
			have++
		}
	}
	for _, d := range devices {
		if have < need.Count && fits(d) && !slices.Contains(ids, d.ID) {
			ids, have = append(ids, d.ID), have+1
		}
	}
	return ids
}

// GiveBack frees a request's devices.
func (g *GPUs) GiveBack(requestID uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, holder := range g.taken {
		if holder == requestID {
			delete(g.taken, id)
		}
	}
}
