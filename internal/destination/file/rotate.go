package file

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// turnOver gives the full file its number and starts a new one. Every record in it has been synced. If it fails half-way, nothing
// more is written: the next start goes on with the file that is there then.
func (d *Destination) turnOver() error {
	full := fmt.Sprintf("%s.%06d", d.path, d.last+1)
	if _, err := os.Lstat(full); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("rotate %s: %s is there already; move it away", d.path, full)
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

// ParseSize reads a size as the config writes it: 100MB, 1.5GB, 64KiB, 4096. KB, MB, GB are powers of 1000, KiB, MiB, GiB of 1024.
func ParseSize(text string) (int64, error) {
	at := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if at < 0 {
		at = len(text)
	}
	unit, ok := map[string]float64{
		"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30,
	}[strings.ToUpper(strings.TrimSpace(text[at:]))]
	n, err := strconv.ParseFloat(text[:at], 64)
	if n *= unit; err != nil || !ok || !(n >= 1) || n > math.MaxInt64/2 {
		return 0, fmt.Errorf("size %q: write for instance 100MB (also KB, GB, KiB, MiB, GiB)", text)
	}
	return int64(n), nil
}
