//go:build !linux

package parts

import "syscall"

// dieWithParent has no counterpart here: call Stop.
func dieWithParent() *syscall.SysProcAttr { return nil }
