package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ain-network/aind/daemon"
)

func TestTheCarriedChildIsUnpackedOnceAndMendedWhenDamaged(t *testing.T) {
	defer func(carried []byte) { carriedChild = carried }(carriedChild)
	carriedChild = []byte("#!/bin/true")
	home := t.TempDir()

	unpack := func() string {
		t.Helper()
		config := &daemon.Config{Home: home}
		if err := unpackChild(config); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(config.Sandbox.Child)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content, carriedChild) {
			t.Fatalf("%s holds %q", config.Sandbox.Child, content)
		}
		return config.Sandbox.Child
	}
	path := unpack()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("mode of %s: %v, %v", path, info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o700); err != nil {
		t.Fatal(err)
	}
	if again := unpack(); again != path {
		t.Fatalf("unpacked to %s, then to %s", path, again)
	}
	if files, err := filepath.Glob(filepath.Join(home, "bin", "*")); err != nil || len(files) != 1 {
		t.Fatalf("left behind: %v, %v", files, err)
	}
}

func TestAChildThatTheOwnerNamedGoesBeforeTheCarriedOne(t *testing.T) {
	defer func(carried []byte) { carriedChild = carried }(carriedChild)
	carriedChild = []byte("#!/bin/true")
	config := &daemon.Config{Home: t.TempDir()}
	config.Sandbox.Child = "/opt/ain-sandbox"
	if err := unpackChild(config); err != nil || config.Sandbox.Child != "/opt/ain-sandbox" {
		t.Fatalf("%s, %v", config.Sandbox.Child, err)
	}
}
