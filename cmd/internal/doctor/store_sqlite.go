package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// leastFree is the free disk below which a warning is due, in bytes.
const leastFree = 256 << 20

// sqliteFolder looks whether the file can be opened and grow, and reports whether it is there to be opened.
// A file that is not there is not made: its folder is enough.
func (e *exam) sqliteFolder(path string) bool {
	dir := filepath.Dir(path)
	unopened := append([]string{"store.open", "store.schema"}, afterOpen...)
	what := advice{"make the folder, and let the user of the service write to it", "ACSAUTH_STORE"}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		e.bad("store.folder", "", Fault, fmt.Sprintf("the folder %s does not exist", dir), what)
		e.skipAll("the file cannot be opened", unopened...)
		return false
	}
	probe, err := os.CreateTemp(dir, ".acsauth-doctor-*")
	if err != nil {
		e.bad("store.folder", "", Fault, fmt.Sprintf("the folder %s is not writable: the database needs files beside its own", dir),
			advice{"let the user of the service write to the folder, or mount it writable (a container's own file system is often read-only)", "ACSAUTH_STORE; chown, or the volume of the container"})
		e.skipAll("the file cannot be opened", unopened...)
		return false
	}
	_ = errors.Join(probe.Close(), os.Remove(probe.Name())) // it was empty
	free, network, known := disk(dir)
	switch {
	case known && network:
		e.bad("store.folder", "", Warning, dir+" is on a network file system, whose locks SQLite cannot rely on", advice{"use a local disk, or the store postgres", "ACSAUTH_STORE"})
	case known && free < leastFree:
		e.bad("store.folder", "", Warning, fmt.Sprintf("%d MiB are free in %s", free>>20, dir), advice{"free some, or use a larger disk", "ACSAUTH_STORE"})
	case known:
		e.ok("store.folder", "", fmt.Sprintf("writable, %d MiB free, a local file system", free>>20))
	default:
		e.ok("store.folder", "", "writable; free disk and file system are not looked at on this system")
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		e.ok("store.open", "", "not there yet; the first start makes it")
		e.skipAll("the file is not there yet", append([]string{"store.schema"}, afterOpen...)...)
		return false
	}
	e.skip("store.schema", "", "the file is refused at the opening if its version is another")
	return true
}
