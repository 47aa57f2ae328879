package doctor

import (
	"slices"
	"syscall"
)

// networkTypes are the numbers of file systems over a network, from statfs(2): NFS, SMB, CIFS, SMB2, 9P, FUSE, Ceph, AFS.
var networkTypes = []uint32{0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546, 0x00c36400, 0x5346414f}

// disk tells the free bytes of a folder's file system, and whether it is one over a network.
func disk(dir string) (free int64, network, known bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false, false
	}
	return int64(min(s.Bavail, 1<<40)) * int64(s.Bsize), slices.Contains(networkTypes, uint32(s.Type)), true
}
