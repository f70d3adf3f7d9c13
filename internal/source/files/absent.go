package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Absent returns those of the stored positions, by partition, whose files are not there: not under any name in the folder where they
// were, and not among what path stands for, while the device that they are on is there. A file that is renamed meanwhile can be
// missed, so only what was absent twice is gone; and then a file that has its number later is another one. Where path cannot be
// listed nothing is absent.
func Absent(path string, positions map[string]string) (map[string]string, error) {
	listed, err := list(path)
	if err != nil {
		return nil, fmt.Errorf("look for files that are gone: %w", err)
	}
	there := make(map[identity]bool, len(listed))
	for _, f := range listed {
		there[f.id] = true
	}
	devices := map[string]uint64{} // of the folders that could be looked into
	parsed := map[string]position{}
	for partition, text := range positions {
		p, err := parsePosition(text)
		if err != nil {
			continue
		}
		parsed[partition] = p
		folder := filepath.Dir(p.name)
		if _, looked := devices[folder]; looked || there[p.id] {
			continue
		}
		if device, err := addFiles(there, folder); err == nil {
			devices[folder] = device
		}
	}
	absent := map[string]string{}
	for partition, p := range parsed {
		if device, looked := devices[filepath.Dir(p.name)]; looked && device == p.id.device && !there[p.id] {
			absent[partition] = positions[partition]
		}
	}
	return absent, nil
}

// addFiles adds the identities of the files in a folder, and returns the device that the folder is on. A folder that is gone was on
// the device of the one above it, unless a file system was mounted there.
func addFiles(to map[identity]bool, folder string) (device uint64, err error) {
	entries, err := os.ReadDir(folder)
	for errors.Is(err, fs.ErrNotExist) && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
		_, err = os.Stat(folder)
	}
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		// A socket or folder can have got the number of a file that is gone; it is never that file.
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			to[identify(path, info)] = true
		}
	}
	info, err := os.Stat(folder)
	if err != nil {
		return 0, err
	}
	return identify(folder, info).device, nil
}
