package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// identity tells files apart whatever their names are: the device and the number of the file on it.
type identity struct{ device, inode uint64 }

func (id identity) String() string {
	return strconv.FormatUint(id.device, 16) + "-" + strconv.FormatUint(id.inode, 16)
}

// fingerprint is the hash of a file's first bytes. It tells a file from another one that was given its number later, or was copied
// over it. Its length is kept with it, so that a short file that has grown since is known again.
type fingerprint struct {
	length int // bytes hashed, at most maxPrint
	sum    [16]byte
}

// maxPrint is how much of a file's beginning makes its fingerprint, bytes.
const maxPrint = 1024

// takePrint hashes the first bytes of a file, as many as there are up to length. That of none is the zero fingerprint, which every
// file has.
func takePrint(r io.ReaderAt, length int) (fingerprint, error) {
	var buf [maxPrint]byte
	n, err := r.ReadAt(buf[:length], 0)
	if err != nil && err != io.EOF {
		return fingerprint{}, err
	}
	if n == 0 {
		return fingerprint{}, nil
	}
	sum := sha256.Sum256(buf[:n])
	return fingerprint{n, [16]byte(sum[:16])}, nil
}

// stream is what positions tell of the file they count in. It is never changed once a batch refers to it.
type stream struct {
	id    identity
	print fingerprint
	name  string // for people
}

// position is a place in a stream, as it is kept between runs. Its text is
//
//	1 OFFSET MODE DEVICE-INODE LENGTH-HASH NAME
//
// OFFSET in bytes, after decompression; LENGTH-HASH the fingerprint.
type position struct {
	place
	stream
}

func (p position) String() string {
	b := make([]byte, 0, 96+len(p.name))
	b = append(b, "1 "...)
	b = strconv.AppendInt(b, p.offset, 10)
	b = append(b, ' ', byte(p.mode), ' ')
	b = append(b, p.id.String()...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(p.print.length), 10)
	b = append(b, '-')
	b = hex.AppendEncode(b, p.print.sum[:])
	b = append(b, ' ')
	return string(append(b, p.name...))
}

// parsePosition reads a position's text.
func parsePosition(text string) (p position, err error) {
	fields := strings.SplitN(text, " ", 6)
	if len(fields) != 6 || fields[0] != "1" {
		return position{}, errors.New("not a position of a file")
	}
	bad := func(what string) (position, error) {
		return position{}, fmt.Errorf("position of a file: wrong %s", what)
	}
	if p.offset, err = strconv.ParseInt(fields[1], 10, 64); err != nil || p.offset < 0 {
		return bad("offset")
	}
	if len(fields[2]) != 1 || !strings.Contains("tarc", fields[2]) {
		return bad("mode")
	}
	p.mode = mode(fields[2][0])
	device, inode, _ := strings.Cut(fields[3], "-")
	var errs [2]error
	p.id.device, errs[0] = strconv.ParseUint(device, 16, 64)
	p.id.inode, errs[1] = strconv.ParseUint(inode, 16, 64)
	if errs[0] != nil || errs[1] != nil {
		return bad("identity")
	}
	length, sum, _ := strings.Cut(fields[4], "-")
	if p.print.length, err = strconv.Atoi(length); err != nil || p.print.length < 0 || p.print.length > maxPrint {
		return bad("fingerprint")
	}
	if n, err := hex.Decode(p.print.sum[:], []byte(sum[:min(len(sum), 32)])); err != nil || n != 16 || len(sum) != 32 {
		return bad("fingerprint")
	}
	p.name = fields[5]
	return p, nil
}

// Describe says for people where a stored position stands, as "records.jsonl: byte 12,345". Bytes of compressed files count after
// decompression. A text that is no position of this package is returned as it is, behind its partition.
func Describe(partition, text string) string {
	p, err := parsePosition(text)
	if err != nil {
		return partition + ": " + text
	}
	name := filepath.Base(p.name)
	if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		name = strconv.Quote(name)
	}
	return name + ": byte " + grouped(p.offset)
}

// grouped writes a number that is not negative with commas between its thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
