package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"maps"
	"net/http"
	"time"

	"trunkline/internal/collector"
)

// parcel is what goes in one request.
type parcel struct {
	records []*collector.Outgoing
	body    []byte         // a copy: the transport may still be sending when the answer has come and the caller reuses its memory
	key     string         // Idempotency-Key
	hold    collector.Hold // to be confirmed before it is sent; nil where it needs none
}

// take returns how many of the records go in one request.
func (d *Destination) take(records []*collector.Outgoing) int {
	if d.batch == 0 {
		return 1
	}
	length, limit := int64(2), d.bytes.Load()
	for i, r := range records[:min(d.batch, len(records))] {
		if length += int64(len(r.Body)) + 1; length > limit && i > 0 {
			return i
		}
	}
	return min(d.batch, len(records))
}

// shrink makes arrays shorter after one of that length was too large for the endpoint.
func (d *Destination) shrink(length int) {
	const floor = 64 << 10
	for {
		old := d.bytes.Load()
		smaller := max(int64(length/2), floor)
		if smaller >= old || d.bytes.CompareAndSwap(old, smaller) {
			return
		}
	}
}

func (d *Destination) pack(records []*collector.Outgoing) *parcel {
	p := &parcel{records: records, hold: records[0].Hold}
	if d.batch == 0 {
		p.body, p.key = bytes.Clone(records[0].Body), records[0].Key
		return p
	}
	length := 2
	for _, r := range records {
		length += len(r.Body) + 1
	}
	p.body = append(make([]byte, 0, length), '[')
	for i, r := range records {
		if i > 0 {
			p.body = append(p.body, ',')
		}
		p.body = append(p.body, r.Body...)
	}
	p.body = append(p.body, ']')
	p.key = batchKey(records)
	return p
}

// batchKey is a function of the records' keys and their order: the same array has the same key whenever it is sent.
func batchKey(records []*collector.Outgoing) string {
	h := sha256.New()
	var length [4]byte
	for _, r := range records {
		binary.BigEndian.PutUint32(length[:], uint32(len(r.Key)))
		h.Write(length[:])
		io.WriteString(h, r.Key)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

const (
	drainBytes = 16 << 10 // read of an answer so that its connection can be used again
	quoteBytes = 4 << 10  // looked at of a refusing answer
)

// send makes one request. Its error is ctx's, that of a key which was never read, or that of a Hold which is lost.
func (d *Destination) send(ctx context.Context, p *parcel) (answer, error) {
	if err := d.pace.wait(ctx); err != nil {
		return answer{}, err
	}
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	defer func() { <-d.slots }()
	key, err := d.key.current(ctx)
	if err != nil {
		return answer{}, err
	}
	if p.hold != nil { // as late as can be: all before may have waited
		if err := p.hold.Confirm(ctx); err != nil {
			return answer{}, err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	req := d.template.WithContext(bounded)
	req.Header = make(http.Header, len(d.headers)+2)
	maps.Copy(req.Header, d.headers)
	req.Header["Idempotency-Key"] = []string{p.key}
	if key != nil {
		req.Header[d.key.header] = key.header
	}
	req.ContentLength = int64(len(p.body))
	// This very form of body is one that net/http knows to be in memory: it then writes head and body at once.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.body)), nil }
	req.Body, _ = req.GetBody()
	for _, r := range p.records {
		r.Attempts++
	}
	start := time.Now()
	resp, err := d.transport.RoundTrip(req)
	if err != nil {
		if ctx.Err() != nil {
			return answer{}, ctx.Err()
		}
		d.observer.Request(0, time.Since(start))
		return answer{verdict: again, sent: start, err: err}, nil
	}
	a := answer{status: resp.StatusCode, verdict: judge(resp.StatusCode), sent: start, key: key}
	if a.verdict != taken {
		a.after = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	if a.verdict == refused || a.verdict == clash {
		a.body = d.quote(resp.Body, key, p.body)
	}
	// What the body holds, and whether it ends as announced, changes nothing: the status has been said.
	io.CopyN(io.Discard, resp.Body, drainBytes)
	resp.Body.Close()
	d.observer.Request(a.status, time.Since(start))
	return a, nil
}

// quote reads the start of a refusing answer, made safe to keep.
func (d *Destination) quote(body io.Reader, key *secret, sent []byte) string {
	start, _ := io.ReadAll(io.LimitReader(body, quoteBytes))
	if key != nil && key.header[0] != "" {
		start = bytes.ReplaceAll(start, []byte(key.header[0]), []byte("[key]"))
	}
	return printable(d.cleanup(hideEcho(start, sent)))
}
