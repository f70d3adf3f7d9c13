package mkv

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"math/bits"
	"time"
)

// level is in what the Reader stands.
type level int

const (
	outside  level = iota // between documents
	document              // behind an EBML header
	segment
	cluster
	group // a BlockGroup
	levels
)

// step takes one element, or leaves one.
func (r *Reader) step() (Event, error) {
	if r.Offset() == r.ends[r.level] {
		return r.leave(bySize), nil
	}
	id, size, n, err := r.header()
	if err != nil {
		return r.stopped(err)
	}
	if size != unknown && size > r.ends[r.level]-r.Offset()-int64(n) || r.ends[r.level]-r.Offset() < int64(n) {
		return 0, malformed("%X of %d bytes goes beyond the end of what it is in", id, size)
	}
	switch r.level {
	case outside:
		return 0, r.inStream(id, size, n)
	case document:
		return 0, r.inDocument(id, size, n)
	case segment:
		return r.inSegment(id, size, n)
	case cluster:
		return r.inCluster(id, size, n)
	}
	return r.inGroup(id, size, n)
}

// header reads the header of the next element. It is not taken from the buffer, so that it can be read again.
func (r *Reader) header() (id uint32, size int64, n int, err error) {
	for {
		if id, size, n, err = header(r.buf[r.at:r.end]); n > 0 || err != nil {
			return id, size, n, err
		}
		if err := r.more(); err != nil {
			return 0, 0, 0, err
		}
	}
}

// stopped says what it means that no header of an element can be had.
func (r *Reader) stopped(err error) (Event, error) {
	switch {
	case err != io.EOF:
		if _, ok := err.(wrong); ok {
			return 0, err
		}
		return 0, r.inside(err)
	case r.at < r.end || r.level == document:
		return 0, r.inside(err)
	case r.level == outside:
		return 0, io.EOF
	}
	if r.ends[r.level] != unknown {
		return 0, r.inside(err)
	}
	if event := r.finish(byStream); event != 0 {
		return event, nil
	}
	return 0, io.EOF
}

// enter goes into an element whose header has n bytes.
func (r *Reader) enter(into level, size int64, n int) {
	r.at += n
	r.level = into
	r.open[into] = size == unknown
	r.ends[into] = r.ends[into-1] // what has no size ends with what it is in
	if size != unknown {
		r.ends[into] = r.Offset() + size
	}
}

// leave goes out of the innermost element.
func (r *Reader) leave(how Ending) Event {
	if r.level--; r.level == document {
		r.level = outside
		return r.finish(how)
	}
	return 0
}

// finish makes the event End, unless the last event was one.
func (r *Reader) finish(how Ending) Event {
	if r.ended {
		return 0
	}
	r.ended = true
	r.fragment.Ending = how
	return End
}

// ignore passes over an element.
func (r *Reader) ignore(id uint32, size int64, n int) error {
	if size == unknown {
		return malformed("%X has no size; only a Segment and a Cluster may go without", id)
	}
	r.at += n
	r.skip = size
	return nil
}

// whole brings all of an element of at most most bytes into the buffer and takes it. content is valid until the next read.
func (r *Reader) whole(id uint32, size int64, n int, most int) (content []byte, err error) {
	if size == unknown {
		return nil, malformed("%X has no size; only a Segment and a Cluster may go without", id)
	}
	if size > int64(most) {
		return nil, limit("%X of %d bytes, and at most %d are read", id, size, most)
	}
	end := n + int(size)
	if r.end-r.at < end {
		if err := r.need(end); err != nil {
			return nil, err
		}
	}
	return r.buf[r.at+n : r.at+end : r.at+end], nil
}

// inStream takes what stands between documents.
func (r *Reader) inStream(id uint32, size int64, n int) error {
	if id == idVoid || id == idCRC32 {
		return r.ignore(id, size, n)
	}
	if id != idEBML {
		return malformed("%X where a document begins", id)
	}
	content, err := r.whole(id, size, n, MaxMeta)
	if err != nil {
		return err
	}
	if err := checkHeader(content); err != nil {
		return err
	}
	r.begin(r.Offset())
	r.at += n + len(content)
	r.level = document
	return nil
}

// begin forgets the last document.
func (r *Reader) begin(offset int64) {
	r.fragment = Fragment{Offset: offset, Behind: -1, Tags: r.fragment.Tags[:0], Tracks: r.tracks[:0]}
	r.text = r.text[:0]
	r.scale = int64(time.Millisecond)
	r.ended = false
	for i := range r.ends {
		r.ends[i] = unknown
	}
}

// checkHeader refuses documents that are to be read by other rules.
func checkHeader(content []byte) error {
	for c := (children{rest: content}); ; {
		if !c.next() {
			return c.err
		}
		most := uint64(math.MaxUint64)
		switch c.id {
		case idReadVersion:
			most = 1
		case idMaxIDLength:
			most = 4
		case idMaxSizeLength:
			most = 8
		case idDocTypeReadVer:
			most = 4
		case idDocType:
			if kind := string(trim(c.content)); kind != "matroska" && kind != "webm" {
				return unsupported("a document that is not Matroska")
			}
			continue
		default:
			continue
		}
		if v, err := number(c.content); err != nil {
			return err
		} else if v > most {
			return unsupported("a document that sets %X to %d, and at most %d is known", c.id, v, most)
		}
	}
}

// trim takes away the zeros that producers fill texts up with.
func trim(text []byte) []byte { return bytes.TrimRight(text, "\x00") }

// inDocument takes what stands behind an EBML header.
func (r *Reader) inDocument(id uint32, size int64, n int) error {
	switch id {
	case idVoid, idCRC32:
		return r.ignore(id, size, n)
	case idSegment:
		r.enter(segment, size, n)
		return nil
	}
	return malformed("%X where a Segment begins", id)
}

// inSegment takes what stands beside Clusters.
func (r *Reader) inSegment(id uint32, size int64, n int) (Event, error) {
	switch id {
	case idEBML:
		if !r.open[segment] {
			return 0, malformed("an EBML header inside a Segment")
		}
		return r.leave(byHeader), nil
	case idCluster:
		r.enter(cluster, size, n)
		r.ticks = -1
		r.ended = false
		r.fragment.Clusters++
		return 0, nil
	case idInfo, idTracks, idTags:
		content, err := r.whole(id, size, n, MaxMeta)
		if err != nil {
			return 0, err
		}
		event, err := r.meta(id, content)
		if err == nil {
			r.at += n + len(content)
		}
		return event, err
	case idSegment, idTimecode, idSimpleBlock, idEncryptedBlock, idBlockGroup, idBlock:
		return 0, malformed("%X in a Segment", id)
	}
	return 0, r.ignore(id, size, n)
}

func (r *Reader) meta(id uint32, content []byte) (Event, error) {
	r.ended = false
	switch id {
	case idInfo:
		return 0, r.readInfo(content)
	case idTracks:
		return 0, r.readTracks(content)
	}
	last, err := r.readTags(content)
	if err != nil || !last || r.fragment.Clusters == 0 {
		return 0, err
	}
	return r.finish(byToken), nil
}

// inCluster takes what stands in a Cluster, or finds that it ended.
func (r *Reader) inCluster(id uint32, size int64, n int) (Event, error) {
	switch id {
	case idSimpleBlock:
		return r.readBlock(id, size, n)
	case idTimecode:
		return r.readTime(id, size, n)
	case idBlockGroup:
		if size == unknown {
			return 0, malformed("a BlockGroup has no size")
		}
		r.enter(group, size, n)
		return 0, nil
	case idEncryptedBlock:
		return 0, unsupported("an encrypted block")
	}
	if !outermost(id) {
		return 0, r.ignore(id, size, n)
	}
	if !r.open[cluster] {
		return 0, malformed("%X inside a Cluster", id)
	}
	r.level = segment
	return 0, nil
}

func (r *Reader) inGroup(id uint32, size int64, n int) (Event, error) {
	if id == idBlock {
		return r.readBlock(id, size, n)
	}
	return 0, r.ignore(id, size, n)
}

func (r *Reader) readTime(id uint32, size int64, n int) (Event, error) {
	if r.ticks >= 0 {
		return 0, malformed("a Cluster with two times")
	}
	content, err := r.whole(id, size, n, MaxMeta)
	if err != nil {
		return 0, err
	}
	v, err := number(content)
	if err != nil {
		return 0, err
	}
	if v > uint64(math.MaxInt64/r.scale)-math.MaxInt16 {
		return 0, malformed("a Cluster's time is too late")
	}
	r.ticks = int64(v)
	r.fragment.Time = time.Duration(r.ticks * r.scale)
	r.at += n + len(content)
	return Cluster, nil
}

// readBlock takes a block: the number of its track, its time from that of the Cluster on, flags, and the data.
func (r *Reader) readBlock(id uint32, size int64, n int) (Event, error) {
	content, err := r.whole(id, size, n, MaxBlock)
	if err != nil {
		return 0, err
	}
	var track uint64
	k := 1
	if len(content) > 0 && content[0] > 0x80 && content[0] < 0xff {
		track = uint64(content[0] & 0x7f)
	} else if v, w, err := vint(content); err != nil || w == 0 || v == unknown {
		return 0, malformed("a block without a track")
	} else {
		track, k = uint64(v), w
	}
	if len(content) < k+3 {
		return 0, malformed("a block of %d bytes", len(content))
	}
	relative, flags := int16(binary.BigEndian.Uint16(content[k:])), content[k+2]
	if lacing := flags >> 1 & 3; lacing != 0 {
		return 0, unsupported("a laced block (%s)", [...]string{"", "Xiph", "fixed size", "EBML"}[lacing])
	}
	if r.ticks < 0 {
		return 0, malformed("a block before the time of its Cluster")
	}
	ticks := r.ticks + int64(relative)
	if ticks < 0 {
		return 0, malformed("a block before time 0")
	}
	at := r.fragment.track(track)
	if at == nil {
		return 0, malformed("a block of track %d, which no Tracks element names", track)
	}
	r.block = BlockData{Track: at, Time: time.Duration(ticks * r.scale), Data: content[k+3:], Offset: r.Offset()}
	r.at += n + len(content)
	return Block, nil
}

// readInfo reads how long a tick is.
func (r *Reader) readInfo(content []byte) error {
	c := children{rest: content}
	for c.next() {
		if c.id != idTimecodeScale {
			continue
		}
		v, err := number(c.content)
		if err != nil {
			return err
		}
		if v == 0 || bits.Len64(v) > 40 {
			return malformed("a tick of %d nanoseconds", v)
		}
		r.scale = int64(v)
	}
	return c.err
}
