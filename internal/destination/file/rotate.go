package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// turnOver gives the full file its number and starts a new one. Every record in the full one is on the disk before. If it fails
// half-way, nothing more is written: the next start goes on with the file that is there then.
func (d *Destination) turnOver() error {
	full := fmt.Sprintf("%s.%06d", d.path, d.last+1)
	if _, err := os.Lstat(full); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("rotate %s: %s is there already; move it away", d.path, full)
	}
	if err := d.file.Sync(); err != nil {
		return d.unsynced(err)
	}
	if err := os.Rename(d.path, full); err != nil {
		return fmt.Errorf("rotate: %w%s", err, hint(err))
	}
	d.last++
	// Exclusive: a process that started in this instant may have made the file. Then it is that one's.
	next, err := open(d.path, os.O_EXCL)
	if err != nil {
		d.broken = fmt.Errorf("rotate %s: %w", d.path, err)
		return d.broken
	}
	err = d.file.Close()
	d.file, d.size = next, 0
	if err == nil {
		err = d.prune()
	}
	if err == nil {
		err = syncFolder(d.folder)
	}
	if err != nil {
		d.broken = fmt.Errorf("rotate %s: %w", d.path, err)
	}
	return d.broken
}

// youngest returns the highest number of a full file, 0 when there is none.
func (d *Destination) youngest() (int, error) {
	numbers, err := d.numbers()
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	return slices.Max(numbers), nil
}

// prune deletes the oldest full files beyond those to keep.
func (d *Destination) prune() error {
	if d.keep == 0 {
		return nil
	}
	numbers, err := d.numbers()
	if err != nil {
		return err
	}
	slices.Sort(numbers)
	for _, n := range numbers[:max(0, len(numbers)-d.keep)] {
		if err := os.Remove(fmt.Sprintf("%s.%06d", d.path, n)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// numbers of the full files, in no order.
func (d *Destination) numbers() ([]int, error) {
	entries, err := os.ReadDir(d.folder)
	if err != nil {
		return nil, fmt.Errorf("list full files: %w", err)
	}
	var numbers []int
	prefix := filepath.Base(d.path) + "."
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), prefix)
		if n, err := strconv.Atoi(digits); ok && err == nil && n > 0 && digits == fmt.Sprintf("%06d", n) {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}
