package cli

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// showProgress shows how much of a finite source is settled, until the returned function is called. What is read and not settled counts
// by its records.
func (r *run) showProgress() (end func()) {
	toRead := r.source.Lag
	switch f := r.config.Source.File; {
	case f == nil, f.Follow:
		return func() {}
	case f.Stdin():
		toRead = func() (int64, bool) { return leftOf(r.app.stdin) }
	}
	all, ok := toRead()
	if !ok {
		return func() {}
	}
	return r.progress("collecting", all, func() int64 {
		left, _ := toRead()
		counts, inFlight := r.collector.Counts()
		settled := float64(counts.Total())
		return int64(float64(all-left) * settled / max(1, settled+float64(inFlight)))
	}, progressbar.OptionShowBytes(true))
}

// progress shows a bar on standard error, unless records go to the same terminal.
func (r *run) progress(what string, all int64, done func() int64, options ...progressbar.Option) (end func()) {
	if r.config.Destination.Stdout != nil && onTerminal(r.app.stdout.to) {
		return func() {}
	}
	return r.app.stderr.progress(what, all, done, options...)
}

// leftOf tells how many bytes of a file that is standard input are still to be read; ok is false for pipes and terminals.
func leftOf(stdin io.Reader) (bytes int64, ok bool) {
	file, ok := stdin.(*os.File)
	if !ok {
		return 0, false
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	offset, err := file.Seek(0, io.SeekCurrent)
	return info.Size() - offset, err == nil
}
