//go:build unix

package daemon

import "golang.org/x/sys/unix"

// freeDisk is the room that this user has left where a folder is.
func freeDisk(path string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(path, &stat); err != nil {
		return 0, err
	}
	return stat.Bavail * uint64(stat.Bsize), nil
}
