//go:build !linux

package parts

import (
	"syscall"
	"time"
)

// An account is the user that the server runs as: the present one.
type account struct{}

func serverAccount() (*account, error) { return nil, nil }

func (a *account) own(string) error { return nil }

const endsWithParent = syscall.SIGQUIT // not used here

func (a *account) attributes(syscall.Signal) *syscall.SysProcAttr { return nil }

// killRest does nothing: the other processes of a server end by themselves soon
// after its main process, and Restart tries again until they have.
func killRest(string, time.Duration) error { return nil }
