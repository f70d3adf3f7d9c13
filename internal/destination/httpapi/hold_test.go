package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
)

// fading is a Hold that is confirmed a number of times.
type fading struct{ times atomic.Int64 }

var errGone = errors.New("somebody else has it")

func (f *fading) Context() context.Context { return context.Background() }
func (f *fading) Settled(string)           {}

func (f *fading) Confirm(context.Context) error {
	if f.times.Add(-1) < 0 {
		return errGone
	}
	return nil
}

// TestHold: the right to a record is confirmed before each request, also before those that are tried again.
func TestHold(t *testing.T) {
	for confirmed := range int64(3) {
		var requests atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		d, err := httpapi.New(httpapi.Options{URL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		hold := &fading{}
		hold.times.Store(confirmed)
		err = d.Deliver(t.Context(), []*collector.Outgoing{{Body: []byte(`{}`), Key: "k", Hold: hold}})
		if !errors.Is(err, errGone) || requests.Load() != confirmed {
			t.Errorf("confirmed %d times: %d requests and %v, want as many and %v", confirmed, requests.Load(), err, errGone)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
	}
}
