package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

const (
	// maxSchemaSource bounds the source of a schema, which is several times larger than what is compiled from it.
	maxSchemaSource = 1 << 20
	// maxReported bounds the errors shown at once.
	maxReported = 8
)

// imports are the files that the chain knows. It allows no others.
var imports = []string{
	"google/protobuf/duration.proto", "google/protobuf/empty.proto",
	"google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto",
}

// Compile compiles a job's schema to a serialized google.protobuf.FileDescriptorSet without source info: the file itself
// and what it imports. The same source gives the same bytes. ErrSchema names file, line and column of every mistake, and
// a fix where one can be guessed.
func Compile(ctx context.Context, path string) ([]byte, error) {
	source, err := readSchema(path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	var mistakes []string
	compiler := protocompile.Compiler{
		Resolver: protocompile.WithStandardImports(only{name: name, source: source}),
		Reporter: reporter.NewReporter(func(err reporter.ErrorWithPos) error {
			mistakes = append(mistakes, describe(err))
			if len(mistakes) == maxReported {
				return errors.New("and more")
			}
			return nil
		}, nil),
	}
	files, err := compiler.Compile(ctx, name)
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("%w:\n  %s", ErrSchema, strings.Join(mistakes, "\n  "))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrSchema, name, err)
	}
	if files[0].Syntax() != protoreflect.Proto3 {
		return nil, fmt.Errorf("%w:\n  %s:1:1: not proto3 (make syntax = \"proto3\"; the first line)", ErrSchema, name)
	}
	return encode(files[0])
}

func readSchema(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w (name the job's .proto file)", ErrSchema, err)
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxSchemaSource+1))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if len(source) > maxSchemaSource {
		return "", fmt.Errorf("%w: %s is larger than %d bytes", ErrSchema, path, maxSchemaSource)
	}
	return string(source), nil
}

// only resolves the schema itself: there is nothing else on this machine that it could import.
type only struct{ name, source string }

func (o only) FindFileByPath(path string) (protocompile.SearchResult, error) {
	if path == o.name {
		return protocompile.SearchResult{Source: strings.NewReader(o.source)}, nil
	}
	return protocompile.SearchResult{}, fmt.Errorf("%q cannot be imported: a schema is one file, and imports at most %s",
		path, strings.Join(imports, ", "))
}

// fixes are guesses at what the author meant, by what the compiler says.
var fixes = []struct{ says, fix string }{
	{"already defined", "messages, enums and services share one space of names: rename one of them"},
	{"unexpected ','", "an rpc takes one message: put the parts into one"},
	{"unknown type", "declare the message, or correct its name"},
	{"no syntax specified", `write syntax = "proto3"; as the first line`},
	{"cannot be imported", "declare what you need of it in the schema itself"},
	{"syntax error: unexpected '='", "a field is: type name = number;"},
	{"unexpected EOF", "a brace is not closed"},
	{"field cannot be required", "proto3 has no required fields: leave the word out"},
}

func describe(err reporter.ErrorWithPos) string {
	position := err.GetPosition()
	text := fmt.Sprintf("%s:%d:%d: %s", position.Filename, position.Line, position.Col, err.Unwrap())
	for _, f := range fixes {
		if strings.Contains(text, f.says) {
			return text + " (" + f.fix + ")"
		}
	}
	return text
}

// encode writes a file and everything that it imports, each after what it imports itself.
func encode(file linker.File) ([]byte, error) {
	var set descriptorpb.FileDescriptorSet
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		descriptor := protodesc.ToFileDescriptorProto(file)
		descriptor.SourceCodeInfo = nil
		set.File = append(set.File, descriptor)
	}
	add(file)
	for path := range seen {
		if path != file.Path() && !slices.Contains(imports, path) {
			return nil, fmt.Errorf("%w: import %q: only %s may be imported", ErrSchema, path, strings.Join(imports, ", "))
		}
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(&set)
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return b, nil
}
