package cli

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// diagnostics is standard error as commands write on it: whole lines and, below them, a progress bar while there is one. It is safe
// for concurrent use.
type diagnostics struct {
	to io.Writer // standard error itself

	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

// Write implements io.Writer: the lines go above the bar.
func (d *diagnostics) Write(p []byte) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bar == nil {
		return d.to.Write(p)
	}
	_ = d.bar.Clear()
	n, err = d.to.Write(p)
	_ = d.bar.RenderBlank()
	return n, err
}

// barEvery is how often a bar is drawn anew. What is done sooner has none.
const barEvery = 100 * time.Millisecond

// progress shows how much of all is done until the returned function is called, which takes the bar away. Where standard error is no
// terminal, or one that cannot move back in a line, nothing is shown. The bar has no colours.
func (d *diagnostics) progress(what string, all int64, done func() int64, options ...progressbar.Option) (end func()) {
	if all <= 0 || !onTerminal(d.to) || os.Getenv("TERM") == "dumb" {
		return func() {}
	}
	bar := progressbar.NewOptions64(all, append(options, progressbar.OptionSetWriter(d.to), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionUseANSICodes(true))...)
	bar.StartWithoutRender()
	stop := make(chan struct{})
	var drawing sync.WaitGroup
	drawing.Go(func() {
		ticks := time.NewTicker(barEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ticks.C:
				d.draw(bar, min(done(), all-1)) // at its maximum it would be over, and the work goes on
			case <-stop:
				return
			}
		}
	})
	return func() {
		close(stop)
		drawing.Wait()
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.bar != nil {
			_ = bar.Clear()
		}
		d.bar = nil
	}
}

func (d *diagnostics) draw(bar *progressbar.ProgressBar, done int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bar = bar
	_ = bar.Set64(max(done, int64(bar.State().CurrentBytes)))
}

// onTerminal reports whether w is a terminal.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a device, and nobody sees it
	return err != nil || !os.SameFile(info, null)
}
