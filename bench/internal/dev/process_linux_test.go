package dev

import (
	"os"
	"testing"
)

// TestCPU: a process that works is seen to, and one that is not there is not.
func TestCPU(t *testing.T) {
	for before := CPU(os.Getpid()); CPU(os.Getpid()) == before; { // this is work; the test's own limit ends it
	}
	if d := CPU(0); d != 0 {
		t.Errorf("no process worked %s", d)
	}
}
