package parts

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// An account is the user that the server runs as; nil is the present one.
type account struct{ uid, gid uint32 }

// serverAccount returns the user postgres for a process of root: the server
// refuses to run as root.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres (%w); install it with: sudo apt-get install postgresql", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &account{uint32(uid), uint32(gid)}, err
}

// own gives a file to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// endsWithParent is what a server gets when its parent dies: it then ends all its processes at once.
const endsWithParent = syscall.SIGQUIT

// attributes let a child run as the account, and get a signal when its parent dies.
func (a *account) attributes(parentDied syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: parentDied}
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// killRest kills the processes of a server whose main process is dead, and
// waits until they are gone. All of them work in the data folder, and only they.
func killRest(data string, limit time.Duration) error {
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		left := workingIn(data)
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("processes %v have not ended within %v", left, limit)
		}
		for _, pid := range left {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
	}
}

// workingIn returns the processes whose working folder it is.
func workingIn(folder string) (pids []int) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd") // the pattern is well formed
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && at == folder {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link))) // the pattern asks for a number
			pids = append(pids, pid)
		}
	}
	return pids
}
