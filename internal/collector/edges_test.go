package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// reads is a source of what a function returns.
type reads func(ctx context.Context) (*Batch, error)

func (f reads) Read(ctx context.Context) (*Batch, error) { return f(ctx) }
func (reads) Close() error                               { return nil }

// takes is a destination that does what a function does.
type takes func(ctx context.Context, batch []*Outgoing) error

func (f takes) Deliver(ctx context.Context, batch []*Outgoing) error { return f(ctx, batch) }
func (takes) Close() error                                           { return nil }

// TestSmallRecordsAreBounded: what is read behind a record that cannot be delivered is bounded in number too. Records that are short, or
// have no text at all, cost memory all the same, and so do batches without records.
func TestSmallRecordsAreBounded(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []Input
	}{
		{"short", []Input{{Data: []byte("1")}, {Data: []byte("1")}}},
		{"without text", []Input{{Problem: errors.New("too long")}, {Problem: errors.New("too long")}}},
		{"none in a batch", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				read := 0
				source := reads(func(ctx context.Context) (*Batch, error) {
					if read++; read == 1 {
						return &Batch{Partition: "tape", Positions: span(0), Records: []Input{{Data: record("a", 1, "")}}}, nil
					}
					if read > 10_000 {
						return nil, errors.New("no end of reading")
					}
					return &Batch{Partition: "tape", Positions: span(0), Records: c.in}, nil
				})
				o := Options{Source: source, Destination: stuck{}, Journal: newMemory(), Keys: DeriveKeys([]byte("s")), InFlight: 100_000, Grace: time.Second}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if err := New(o).Run(ctx); err != nil || read > 1000 {
					t.Errorf("got %d batches read and %v, want a bound below 1000 with 100,000 bytes in flight", read, err)
				}
			})
		})
	}
}

// TestOnlyItsOwnEndIsCalm: that ctx has ended, in whatever way, ends a run without an error. A part that gives up for a reason of its
// own does not, even if that reason looks the same.
func TestOnlyItsOwnEndIsCalm(t *testing.T) {
	one := func(then error) reads {
		n := 0
		return func(ctx context.Context) (*Batch, error) {
			if n++; n == 1 {
				return &Batch{Partition: "tape", Positions: span(0), Records: []Input{{Data: record("a", 1, "")}}}, nil
			}
			if then == nil {
				<-ctx.Done()
				return nil, fmt.Errorf("wait: %w", ctx.Err())
			}
			return nil, then
		}
	}
	gaveUp := fmt.Errorf("gave up: %w", context.Canceled)
	good := takes(func(context.Context, []*Outgoing) error { return nil })
	for _, c := range []struct {
		name        string
		source      Source
		destination Destination
		want        error
	}{
		{"deadline", one(nil), good, nil},
		{"deadline and grace", one(nil), stuck{}, nil},
		{"destination gives up", one(io.EOF), takes(func(context.Context, []*Outgoing) error { return gaveUp }), gaveUp},
		{"source gives up", one(gaveUp), good, gaveUp},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := New(Options{Source: c.source, Destination: c.destination, Journal: newMemory(), Keys: DeriveKeys([]byte("s"))}).Run(ctx)
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		})
	}
}

// TestBodyIsOneLine: a record that is written over several lines is delivered on one, since destinations tell records apart by lines.
func TestBodyIsOneLine(t *testing.T) {
	p := New(Options{Keys: DeriveKeys([]byte("s"))}).preparer()
	for _, c := range []struct{ in, want string }{
		{"{\r\n \"ContactId\":\n\t\"a\\n\",\r\"AWSContactTraceRecordFormatVersion\" : [\n]\n}", "{   \"ContactId\": \t\"a\\n\", \"AWSContactTraceRecordFormatVersion\" : [ ] }"},
		{`{"ContactId":"a", "AWSContactTraceRecordFormatVersion":1}`, `{"ContactId":"a", "AWSContactTraceRecordFormatVersion":1}`},
	} {
		j := &job{batch: &Batch{Records: []Input{{Data: []byte(c.in)}, {Data: []byte(c.in)}}}, items: make([]item, 2)}
		p.prepare(j)
		for _, it := range j.items {
			if got := string(it.out.Body); got != c.want {
				t.Errorf("%q is delivered as %q (%v), want %q", c.in, got, it.err, c.want)
			}
		}
		if got := string(j.batch.Records[0].Data); got != c.in {
			t.Errorf("the record as read became %q", got)
		}
	}
}
