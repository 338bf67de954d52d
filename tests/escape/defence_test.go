package escape_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ain-network/aind/sandbox"
)

// defence is one of the things that hold a program, and how a control run goes without it.
type defence struct {
	engine func(config, host document) // what the engine is asked for instead
	loose  string                      // what the child, or the warden, is built without
	limits func(*sandbox.Limits)       // a limit that is so wide that the attempt stays within it
}

// rights are the capabilities that the attempts need. Not all there are: an engine can give no more than it has.
var rights = strings.Fields(`CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER KILL SETUID SETGID NET_ADMIN NET_RAW SYS_ADMIN SYS_CHROOT SYS_PTRACE
	SYS_PACCT SYS_BOOT SYS_NICE SYS_TIME MKNOD SYSLOG`)

// ofContainers are those of sandbox/docker. A value of nil is left out of what the engine is asked for.
var ofContainers = map[string]defence{
	"seccomp":              {engine: func(_, host document) { option(host, "seccomp=", "seccomp=unconfined") }},
	"no new privileges":    {engine: func(_, host document) { option(host, "no-new-privileges", "") }},
	"capabilities":         {engine: func(_, host document) { host["CapDrop"], host["CapAdd"] = nil, rights }},
	"user":                 {engine: becomeRoot},
	"read-only image":      {engine: func(_, host document) { host["ReadonlyRootfs"] = false }},
	"own network":          {engine: func(_, host document) { host["NetworkMode"] = "host" }},
	"own IPC":              {engine: func(_, host document) { host["IpcMode"] = "host" }},
	"own name":             {engine: func(config, host document) { config["Hostname"], host["UTSMode"] = "", "host" }},
	"own control group":    {engine: func(_, host document) { host["CgroupnsMode"] = "host" }},
	"own names of servers": {engine: func(_, host document) { host["Dns"], host["DnsSearch"] = nil, nil }},
	"masked files":         {engine: func(_, host document) { host["MaskedPaths"] = []string{} }},
	"read-only kernel":     {engine: func(_, host document) { host["ReadonlyPaths"] = []string{} }},
	"list of devices":      {engine: func(_, host document) { host["DeviceCgroupRules"] = []string{"a *:* rwm"} }},
	"no devices":           {engine: func(_, host document) { host["Devices"] = devices("/dev/kmsg", "/dev/fuse", "/dev/net/tun") }},
	"read-only mounts":     {engine: func(_, host document) { eachMount(host, func(m document) { m["ReadOnly"] = false }) }},
	"noexec":               {engine: func(_, host document) { eachTmpfs(host, "noexec", "exec") }},
	"nodev":                {engine: func(_, host document) { eachTmpfs(host, "nodev", "dev") }},
	"size of folders":      {engine: func(_, host document) { eachTmpfs(host, "size=", "size=1073741824") }},
	"files in folders":     {engine: func(_, host document) { eachTmpfs(host, "nr_inodes=", "nr_inodes=1000000") }},
	"memory":               {engine: func(_, host document) { host["Memory"], host["MemorySwap"] = nil, nil }},
	"CPU":                  {engine: func(_, host document) { host["NanoCpus"] = nil }},
	"processes":            {engine: func(_, host document) { host["PidsLimit"] = -1 }},
	"open files":           {engine: func(_, host document) { limitOff(host, "nofile") }},
	"core dumps":           {engine: func(_, host document) { limitOff(host, "core") }},
	"largest file":         {engine: func(_, host document) { limitOff(host, "fsize") }},
	"locked memory":        {engine: func(_, host document) { limitOff(host, "memlock") }},
	"queues":               {engine: func(_, host document) { limitOff(host, "msgqueue") }},
	"no log of the engine": {engine: func(_, host document) { host["LogConfig"] = document{"Type": "json-file"} }},
	"hidden warden":        {loose: "hide"},
	"closed files":         {loose: "leak"},
	"no links":             {loose: "links"},
	"end of all processes": {loose: "kill"},
	"time limit":           {limits: longTime},
	"output limit":         {limits: func(l *sandbox.Limits) { l.OutputBytes = 64 << 20 }},
	"log limit":            {limits: func(l *sandbox.Limits) { l.LogBytes = 64 << 20 }},
	"disk limit":           {limits: func(l *sandbox.Limits) { l.DiskBytes = 256 << 20 }},
	"no files of machine":  {}, // see world.control
	"own processes":        {loose: "first-kill"},
	// Of programs that stay.
	"a container for each client": {}, // see world.visit
	"cleared folders":             {loose: "clear"},
	"no process stays":            {loose: "strays"},
	"stopped between calls":       {loose: "stop"},
	// Of programs that may reach something, see world.ways.
	"network of nobody else's": {},
	"places by name":           {},
	"connections":              {},
	"bytes sent":               {},
	"bytes received":           {},
	"silence":                  {},
	"no socket of engine":      {},
	"no shared memory file":    {engine: func(_, host document) { host["IpcMode"] = "private" }},
}

// becomeRoot gives the folders of the program's user to root as well: it may have none of the capabilities by which root reaches those of
// others.
func becomeRoot(config, host document) {
	config["User"] = "0:0"
	eachTmpfs(host, "uid=", "uid=0")
}

// option replaces the security option that begins with prefix; by nothing: "".
func option(host document, prefix, by string) {
	var kept []any
	for _, o := range host["SecurityOpt"].([]any) {
		if !strings.HasPrefix(o.(string), prefix) {
			kept = append(kept, o)
		}
	}
	if by != "" {
		kept = append(kept, by)
	}
	host["SecurityOpt"] = kept
}

func devices(paths ...string) (list []document) {
	for _, path := range paths {
		list = append(list, document{"PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "rwm"})
	}
	return list
}

func eachMount(host document, change func(document)) {
	for _, m := range host["Mounts"].([]any) {
		change(m.(document))
	}
}

// eachTmpfs replaces the option that begins with prefix.
func eachTmpfs(host document, prefix, by string) {
	folders := host["Tmpfs"].(document)
	for folder, options := range folders {
		list := strings.Split(options.(string), ",")
		for i := range list {
			if strings.HasPrefix(list[i], prefix) {
				list[i] = by
			}
		}
		folders[folder] = strings.Join(list, ",")
	}
}

// limitOff leaves a limit to the engine.
func limitOff(host document, name string) {
	var kept []any
	for _, u := range host["Ulimits"].([]any) {
		if u.(document)["Name"] != name {
			kept = append(kept, u)
		}
	}
	host["Ulimits"] = kept
}

func bind(host document, from, to string) {
	host["Binds"] = append(list(host["Binds"]), fmt.Sprintf("%s:%s:ro", from, to))
}

func list(value any) []any {
	have, _ := value.([]any)
	return have
}

// looseWarden has the container run the warden that is built for control runs, without the defences.
func looseWarden(path string, defences []string) func(config, host document) {
	return func(config, host document) {
		config["Env"] = append(list(config["Env"]), "AIN_LOOSE=-"+strings.Join(defences, "-"))
		eachMount(host, func(m document) {
			if m["Target"] == "/ain/warden" {
				m["Source"] = path
			}
		})
	}
}

// edits are what takes the named defences out of a container.
func (w *world) edits(t testing.TB, off []string) (edits []func(config, host document)) {
	t.Helper()
	var loose []string
	for _, name := range off {
		d, known := w.defences[name]
		if !known {
			t.Fatalf("no defence is called %q", name)
		}
		if d.engine != nil {
			edits = append(edits, d.engine)
		}
		if d.loose != "" {
			loose = append(loose, d.loose)
		}
	}
	if len(loose) > 0 {
		slices.Sort(loose)
		edits = append(edits, looseWarden(buildLoose(t), loose))
	}
	return edits
}

func (w *world) limits(off []string, limits sandbox.Limits) sandbox.Limits {
	for _, name := range off {
		if change := w.defences[name].limits; change != nil {
			change(&limits)
		}
	}
	return limits
}
