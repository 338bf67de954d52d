package daemon

import "golang.org/x/sys/windows"

// freeDisk is the room that this user has left where a folder is.
func freeDisk(path string) (uint64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return free, err
}
