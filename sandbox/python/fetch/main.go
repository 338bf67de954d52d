// Command fetch downloads the pinned Python runtime into a folder, once, and prints its path.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/ain-network/aind/sandbox/python"
)

func main() {
	dir := flag.String("dir", "build/runtimes", "folder for the runtime")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	path, err := python.Fetch(ctx, *dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(path)
}
