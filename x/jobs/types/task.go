package types

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/ain-network/aind/program"
)

// taskField is a field of the messages with which a request names its program.
type taskField struct {
	name    string
	kind    protoreflect.Kind
	list    bool
	message []taskField
}

// The fields of program.Task and program.TaskOutcome, numbered from 1 in their order.
var (
	taskFile = []taskField{
		{name: "name", kind: protoreflect.StringKind},
		{name: "digest", kind: protoreflect.StringKind},
		{name: "size", kind: protoreflect.Uint64Kind},
	}
	taskCode = []taskField{
		{name: "kind", kind: protoreflect.StringKind},
		{name: "digest", kind: protoreflect.StringKind},
		{name: "size", kind: protoreflect.Uint64Kind},
		{name: "entry_point", kind: protoreflect.StringKind},
		{name: "args", kind: protoreflect.StringKind, list: true},
		{name: "files", kind: protoreflect.MessageKind, list: true, message: taskFile},
	}
	taskInput = []taskField{
		{name: "program", kind: protoreflect.MessageKind, message: taskCode},
		{name: "check", kind: protoreflect.MessageKind, message: taskCode},
	}
	taskOutput = []taskField{
		{name: "exit_status", kind: protoreflect.Uint32Kind},
		{name: "failure", kind: protoreflect.StringKind},
		{name: "stdout", kind: protoreflect.StringKind},
		{name: "stderr", kind: protoreflect.StringKind},
		{name: "output_digest", kind: protoreflect.StringKind},
		{name: "output_size", kind: protoreflect.Uint64Kind},
	}
)

// validateRequested refuses what a release says of a program that it does not have.
func validateRequested(path string, prog program.Program) error {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"digest", prog.Digest != ""}, {"size", prog.Size_ != 0}, {"entry_point", prog.EntryPoint != ""},
		{"abi", prog.ABI != program.ABI_UNSPECIFIED}, {"runtime", prog.Runtime != ""}, {"stateless_safe", prog.StatelessSafe},
		{"network", len(prog.Network) > 0},
		{"space", prog.Space != 0},
	} {
		if field.set {
			return ErrInvalid.Wrapf("%s.%s: set, but the program is what each request names; leave it out", path, field.name)
		}
	}
	return nil
}

// CheckProgram holds that a schema has the messages that a release needs: where requests name their program, those that do.
func (s *Schema) CheckProgram(spec ReleaseSpec) error {
	if spec.Program.Kind != program.PROGRAM_KIND_REQUESTED {
		return nil
	}
	if err := checkTask(s.WorkerInput(), taskInput); err != nil {
		return err
	}
	return checkTask(s.WorkerOutput(), taskOutput)
}

// checkTask wants exactly these fields. What messages are called is the author's.
func checkTask(message protoreflect.MessageDescriptor, fields []taskField) error {
	if got := message.Fields().Len(); got != len(fields) {
		return ErrSchema.Wrapf("message %s: %d fields instead of %d; a job whose requests name their program has those of ain.program.v1.Task and TaskOutcome",
			message.FullName(), got, len(fields))
	}
	for i, want := range fields {
		number := protoreflect.FieldNumber(i + 1)
		got := message.Fields().ByNumber(number)
		if got == nil || string(got.Name()) != want.name || got.Kind() != want.kind || got.IsList() != want.list || got.IsMap() || got.ContainingOneof() != nil {
			return ErrSchema.Wrapf("message %s: field %d is not %s of ain.program.v1.Task or TaskOutcome, which a job needs whose requests name their program",
				message.FullName(), number, want)
		}
		if want.message == nil {
			continue
		}
		if err := checkTask(got.Message(), want.message); err != nil {
			return err
		}
	}
	return nil
}

// String is the field as a schema declares it, but for the name of its message.
func (f taskField) String() string {
	text := f.kind.String() + " " + f.name
	if f.list {
		return "repeated " + text
	}
	return text
}
