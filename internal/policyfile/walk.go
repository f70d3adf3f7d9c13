package policyfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// stdinName is the path that stands for standard input.
const stdinName = "-"

// format is how a file is written.
type format uint8

const (
	unknownFormat format = iota
	inJSON
	inYAML
	inMarkdown
	inHCL
	binaryPlan
)

// extensions are those of the files that are read in folders.
var extensions = map[string]format{
	".json": inJSON, ".yaml": inYAML, ".yml": inYAML, ".template": unknownFormat, ".md": inMarkdown, ".markdown": inMarkdown,
}

func formatOf(name string, data []byte) format {
	extension := strings.ToLower(filepath.Ext(name))
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return binaryPlan
	}
	if extension == ".tf" || extension == ".hcl" {
		return inHCL
	}
	if f := extensions[extension]; f != unknownFormat {
		return f
	}
	return sniff(data)
}

var (
	yamlKey       = regexp.MustCompile(`(?m)^(?:- )?[A-Za-z][A-Za-z0-9]*:(?:[ \t]|\r?$)`)
	markdownFence = regexp.MustCompile("(?m)^[ \\t>]*(?:[-*+] +|[0-9]+[.)] +)?(?:```|~~~)")
)

// sniff tells the format of a text without a name that tells it. What is neither Markdown nor YAML is taken for JSON, which is
// read with all the defects it may have.
func sniff(data []byte) format {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(text) > 0 && bytes.IndexByte([]byte(`{["`), text[0]) >= 0:
		return inJSON
	case markdownFence.Match(data):
		return inMarkdown
	case yamlKey.Match(data):
		return inYAML
	}
	return inJSON
}

// walk reads the files that one path names.
type walk struct {
	ctx   context.Context
	opts  Options
	yield func(*Found, error) bool
	found int // policies, and places that should hold one
}

// path reads what a path names. It is false when the caller wants no more.
func (w *walk) path(path string, stdin io.Reader) bool {
	if path == stdinName {
		return w.stream(stdinName, stdin, true)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return w.folder(path) && w.any(path)
	case err == nil:
		return w.file(path, true)
	case !errors.Is(err, os.ErrNotExist) || !strings.ContainsAny(path, "*?["):
		return w.yield(nil, err)
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return w.yield(nil, fmt.Errorf("pattern %s: %w", path, err))
	}
	for _, match := range matches {
		if info, err := os.Stat(match); err == nil && info.IsDir() {
			if !w.folder(match) {
				return false
			}
		} else if !w.file(match, false) {
			return false
		}
	}
	return w.any(path)
}

// any reports a path below which there was no policy.
func (w *walk) any(path string) bool {
	if w.found > 0 || w.ctx.Err() != nil {
		return true
	}
	return w.yield(nil, fmt.Errorf("%s: %w in *.json, *.yaml, *.yml, *.template and *.md there", path, ErrNoPolicy))
}

// folder reads the files of a folder and below it. Links to folders are not followed, so that there is no way back.
func (w *walk) folder(path string) bool {
	entries, err := os.ReadDir(path)
	if err != nil && !w.yield(nil, err) {
		return false
	}
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		if entry.IsDir() {
			if entry.Name() == ".git" || entry.Name() == "node_modules" {
				continue
			}
			if !w.folder(name) {
				return false
			}
			continue
		}
		if _, ok := extensions[strings.ToLower(filepath.Ext(name))]; !ok {
			continue
		}
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			continue // a link to nothing or to a folder, a pipe
		}
		if !w.file(name, false) {
			return false
		}
	}
	return true
}

func (w *walk) file(path string, named bool) bool {
	f, err := os.Open(path)
	if err != nil {
		return w.yield(nil, err)
	}
	defer f.Close()
	return w.stream(path, f, named)
}

func (w *walk) stream(name string, in io.Reader, named bool) bool {
	if err := w.ctx.Err(); err != nil {
		w.yield(nil, err)
		return false
	}
	data, err := io.ReadAll(io.LimitReader(in, maxSize+1))
	if err != nil {
		return w.yield(nil, fmt.Errorf("read %s: %w", name, err))
	}
	if len(data) > maxSize {
		return w.yield(nil, fmt.Errorf("%s: larger than %d bytes", name, maxSize))
	}
	s := &scan{file: newFile(name, data), opts: w.opts, left: maxValues}
	err = s.read(formatOf(name, data), named)
	w.found += len(s.found) + s.seen
	return s.deliver(err, named, w.yield)
}
