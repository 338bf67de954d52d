// Command worker replies with as many bytes as it is asked for, or goes wrong in the way that the request names. It speaks
// proto JSON.
package main

import (
	"encoding/json"
	"os"
	"time"
)

type task struct {
	Misbehave string
	Size      int
}

type reply struct {
	Blob []byte `json:"blob"`
}

func main() {
	var t task
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		fail(err.Error())
	}
	switch t.Misbehave {
	case "":
		if err := json.NewEncoder(os.Stdout).Encode(reply{Blob: make([]byte, t.Size)}); err != nil {
			fail(err.Error())
		}
	case "dawdle":
		time.Sleep(time.Duration(t.Size) * time.Millisecond)
		if err := json.NewEncoder(os.Stdout).Encode(reply{Blob: make([]byte, t.Size)}); err != nil {
			fail(err.Error())
		}
	case "crash":
		fail("I was asked to crash")
	case "garbage":
		os.Stdout.WriteString("this is no reply")
	case "flood":
		for {
			os.Stdout.Write(make([]byte, 64<<10))
		}
	case "never":
		for {
		}
	case "hog":
		for hoard := [][]byte{}; ; {
			hoard = append(hoard, make([]byte, 16<<20))
			for i := range hoard[len(hoard)-1] {
				hoard[len(hoard)-1][i] = 1
			}
		}
	default:
		fail("misbehave: " + t.Misbehave + " is unknown")
	}
}

func fail(why string) {
	os.Stderr.WriteString(why + "\n")
	os.Exit(3)
}
