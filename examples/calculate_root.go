package examples

import (
	"embed"
	"io/fs"
)

//go:embed calculate-root/job_schema.proto calculate-root/worker.py calculate-root/evaluator.py
var calculateRoot embed.FS

// CalculateRoot holds the schema and the programs of the paper's example, for programs that carry it along.
func CalculateRoot() fs.FS {
	files, err := fs.Sub(calculateRoot, "calculate-root")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return files
}

//go:embed custom-code/job_schema.proto
var customCode embed.FS

// CustomCode holds the schema of jobs whose requests name their program.
func CustomCode() fs.FS {
	files, err := fs.Sub(customCode, "custom-code")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return files
}
