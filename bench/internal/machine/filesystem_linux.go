package machine

import (
	"fmt"
	"syscall"
)

// FileSystem says what kind of file system a folder is on.
func FileSystem(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return unknown
	}
	names := map[uint32]string{
		0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: "tmpfs, in memory",
		0x794c7630: "overlayfs", 0x2fc12fc1: "zfs", 0x6969: "nfs", 0xf2f52010: "f2fs",
	}
	if name, ok := names[uint32(s.Type)]; ok {
		return name
	}
	return fmt.Sprintf("a file system of type %#x", uint32(s.Type))
}
