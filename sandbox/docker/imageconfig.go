package docker

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/docker/warden"
)

// Bounds of an image's configuration.
const (
	maxArguments = 256
	maxVariables = 256
	maxText      = 64 << 10 // of all arguments, and of all variables
)

// command is how the program of an image is started.
type command struct {
	Args []string
	// Own is how many of the arguments are the image's entry point, which those of a run follow in place of its command.
	Own int
	Env []string
	Dir string
}

// forbiddenFolders hold what a command or a working directory must not reach while the container is still being set up: names in them can
// stand for open files of the engine's own tools.
var forbiddenFolders = []string{"/proc", "/sys", "/dev", "/ain"}

// starting is the command with a release's entry point, if it has one, in place of the image's own, and with the run's arguments, if there
// are any, in place of the image's command. Its error is ErrEntryPoint.
func (c command) starting(entryPoint string, args []string) (command, error) {
	if entryPoint != "" {
		c.Args, c.Own = []string{entryPoint}, 1
	}
	if len(args) > 0 {
		c.Args = append(append([]string{}, c.Args[:c.Own]...), args...)
	}
	return c, checkArguments(c.Args)
}

// commandOf checks an image's configuration, all but its arguments. Its errors are ErrUser, ErrWorkingDir and ErrVolumes.
func commandOf(i image) (command, error) {
	config := i.config.Config
	c := command{Args: append(append([]string{}, config.Entrypoint...), config.Cmd...), Own: len(config.Entrypoint), Dir: config.WorkingDir}
	if err := checkUser(config.User); err != nil {
		return c, err
	}
	if c.Dir == "" {
		c.Dir = "/"
	}
	if !path.IsAbs(c.Dir) || strings.ContainsRune(c.Dir, 0) || hasParent(c.Dir) || within(c.Dir, forbiddenFolders) {
		return c, refuse(ErrWorkingDir, "%q: use a folder of the image, written in full and outside of %s", c.Dir, strings.Join(forbiddenFolders, ", "))
	}
	if len(config.Volumes) > 0 {
		return c, refuse(ErrVolumes, "%d: leave VOLUME out, a program writes to /tmp and /ain/out", len(config.Volumes))
	}
	var err error
	c.Env, err = variables(config.Env)
	return c, err
}

func checkArguments(args []string) error {
	if len(args) == 0 || args[0] == "" {
		return refuse(ErrEntryPoint, "none: set ENTRYPOINT or CMD in the image, or the release's entry point")
	}
	if len(args) > maxArguments || len(strings.Join(args, " ")) > maxText {
		return refuse(ErrEntryPoint, "%d arguments: at most %d, and %d bytes", len(args), maxArguments, maxText)
	}
	for _, arg := range args {
		if strings.ContainsRune(arg, 0) {
			return refuse(ErrEntryPoint, "an argument holds NUL")
		}
	}
	if hasParent(args[0]) || within(args[0], forbiddenFolders) {
		return refuse(ErrEntryPoint, "%q: use a program of the image, outside of %s", args[0], strings.Join(forbiddenFolders, ", "))
	}
	return nil
}

var userPattern = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63})?$`)

// checkUser refuses images that ask to be root. Any other user is replaced by ours.
func checkUser(user string) error {
	if user == "" {
		return nil
	}
	if !userPattern.MatchString(user) {
		return refuse(ErrUser, "%q: leave USER out, programs run as %s", user, unprivileged)
	}
	for _, name := range strings.Split(user, ":") {
		id, err := strconv.ParseUint(name, 10, 64)
		isNumber := err == nil || strings.Trim(name, "0123456789") == ""
		if name == "root" || isNumber && (err != nil || id == 0 || id > 1<<31-1) {
			return refuse(ErrUser, "%q: leave USER out, programs run as %s", user, unprivileged)
		}
	}
	return nil
}

// variables are the image's own, without those that ask the engine's tools for devices, and those that we set.
func variables(image []string) ([]string, error) {
	if len(image) > maxVariables || len(strings.Join(image, "\n")) > maxText {
		return nil, refuse(ErrLayout, "%d variables: at most %d, and %d bytes", len(image), maxVariables, maxText)
	}
	var kept []string
	for _, variable := range image {
		name, _, ok := strings.Cut(variable, "=")
		if !ok || name == "" || strings.ContainsRune(variable, 0) {
			return nil, refuse(ErrLayout, "variable %q: want NAME=value", variable)
		}
		switch name {
		case sandbox.EnvRequest, sandbox.EnvSeed, sandbox.EnvDeadline, sandbox.EnvSegment, warden.SocketVariable:
		case nvidiaDevices, nvidiaCapabilities:
		default:
			kept = append(kept, variable)
		}
	}
	return kept, nil
}

func hasParent(name string) bool {
	for _, element := range strings.Split(name, "/") {
		if element == ".." {
			return true
		}
	}
	return false
}

func within(name string, folders []string) bool {
	clean := path.Clean(name)
	for _, folder := range folders {
		if clean == folder || strings.HasPrefix(clean, folder+"/") {
			return true
		}
	}
	return false
}
