package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression is how a file is compressed. It is told by the file's first bytes, never by its name.
type compression uint8

const (
	uncompressed compression = iota
	gzipped
	zstandard
)

// maxWindow is the memory that a zstd frame may ask for, bytes: what levels up to 19, and 20 and 21, write.
const maxWindow = 64 << 20

var (
	gzipMagic = []byte{0x1f, 0x8b, 0x08}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
	skipMagic = []byte{0x2a, 0x4d, 0x18} // of a skippable zstd frame, behind a byte from 0x50 to 0x5f
)

// detect tells the compression by a stream's first bytes, four where it has so many. sure is false when more of them could change it.
func detect(b []byte) (kind compression, sure bool) {
	begins := func(magic []byte) bool { return bytes.HasPrefix(magic, b[:min(len(b), len(magic))]) }
	switch {
	case len(b) == 0:
		return uncompressed, false
	case begins(gzipMagic):
		return gzipped, len(b) >= len(gzipMagic)
	case begins(zstdMagic):
		return zstandard, len(b) >= len(zstdMagic)
	case b[0]&0xf0 == 0x50 && bytes.HasPrefix(skipMagic, b[1:min(len(b), 4)]):
		return zstandard, len(b) >= 4
	}
	return uncompressed, true
}

// decompress returns the content of r, all members or frames behind each other. Close frees what it holds, not r.
func decompress(kind compression, r io.Reader) (io.ReadCloser, error) {
	switch kind {
	case gzipped:
		z, err := gzip.NewReader(r)
		if err != nil { // A nil *Reader must not become a ReadCloser.
			return nil, err
		}
		return z, nil
	case zstandard:
		// One goroutine and no look-ahead: what this costs in speed is little, and memory stays bounded.
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
}

// explain adds to a decompressor's error what can be done about it.
func explain(kind compression, err error) error {
	switch {
	case kind == uncompressed:
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("%w: it needs more than %d MiB of memory; compress it again without --long or --ultra", err, maxWindow>>20)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("compressed data ends too early (%w); get the whole file again", err)
	}
	return fmt.Errorf("compressed data is damaged (%w); get the file again", err)
}
