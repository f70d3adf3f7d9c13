package mkv_test

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"time"

	"trunkline/internal/recorder/mkv"
	"trunkline/internal/recorder/mkv/mkvtest"
)

// source is a bytes.Reader without its WriteTo.
type source struct{ r bytes.Reader }

func (s *source) Read(p []byte) (int, error) { return s.r.Read(p) }

// BenchmarkReader reads a call of ten minutes, in fragments of a second and blocks of 100 ms, and copies each block to the memory of its
// direction; beside it, in turn, the same bytes are copied by a plain reader with a buffer of the same size. It reports the median rates and
// their ratio.
func BenchmarkReader(b *testing.B) {
	const fragments = 600
	var stream []byte
	for n := range fragments {
		stream = mkvtest.Connect("0e62c1d2-6b52-4c3b-9f1e-0123456789ab", 1_790_000_000_000, n).Append(stream)
	}
	var src source
	r := mkv.NewReader(&src)
	pcm := [3][]byte{1: make([]byte, 0, 16000*fragments), 2: make([]byte, 0, 16000*fragments)}
	plain, sink := make([]byte, 32<<10), make([]byte, len(stream))
	var demux, copied []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		src.r.Reset(stream)
		r.Reset(&src)
		pcm[1], pcm[2] = pcm[1][:0], pcm[2][:0]
		for {
			event, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if event == mkv.Block {
				block := r.Block()
				pcm[block.Track.Direction] = append(pcm[block.Track.Direction], block.Data...)
			}
		}
		between := time.Now()
		src.r.Reset(stream)
		at := 0
		for {
			n, err := src.Read(plain)
			at += copy(sink[at:], plain[:n])
			if err != nil {
				break
			}
		}
		demux, copied = append(demux, between.Sub(began)), append(copied, time.Since(between))
		if len(pcm[1]) != 16000*fragments || len(pcm[2]) != 16000*fragments || at != len(stream) {
			b.Fatalf("%d and %d bytes of audio", len(pcm[1]), len(pcm[2]))
		}
	}
	rate := func(took []time.Duration) float64 {
		slices.Sort(took)
		return float64(len(stream)) / 1e6 / took[len(took)/2].Seconds()
	}
	b.ReportMetric(rate(demux), "MB/s")
	b.ReportMetric(rate(copied), "MB/s-copy")
	b.ReportMetric(rate(demux)/rate(copied), "ratio")
	b.ReportMetric(float64(len(stream))/rate(demux)*1e3/(20*fragments), "ns/block")
}
