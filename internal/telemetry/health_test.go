package telemetry

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
)

func TestHealth(t *testing.T) {
	const (
		open   = "destination open: it is down, and tried again at intervals; nothing is lost"
		paused = "destination paused: it refuses the key; put destination.http.key right, nothing is lost"
		failed = "checkpoint failed: the state file cannot be written; the log says why"
	)
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth(time.Minute)
		inFlight := 0
		for i, step := range []struct {
			what string
			do   func()
			want []string
		}{
			{"new", func() {}, []string{"starting: nothing is read yet"}},
			{"long after", func() { time.Sleep(time.Hour) }, []string{"starting: nothing is read yet"}},
			{"collecting", func() { h.Collecting(func() int { return inFlight }) }, nil},
			{"idle for long", func() { time.Sleep(time.Hour) }, nil},
			{"work after a rest", func() { h.Read(3, 100); inFlight = 3 }, nil},
			{"a minute of it", func() { time.Sleep(time.Minute) }, nil},
			{"more than a minute", func() { time.Sleep(5 * time.Second) }, []string{"checkpoint late: none for 1m5s with work to do, 3 records in flight"}},
			{"settled", func() { h.Settled(collector.Delivered, "", 3, time.Now()); inFlight = 0 }, []string{"checkpoint late: none for 1m5s with work to do, 0 records in flight"}},
			{"more work does not hide it", func() { h.Read(1, 1) }, []string{"checkpoint late: none for 1m5s with work to do, 0 records in flight"}},
			{"a checkpoint that began before", func() { h.Committed(time.Millisecond) }, nil},
			{"none after", func() { time.Sleep(61 * time.Second) }, []string{"checkpoint late: none for 1m1s with work to do, 0 records in flight"}},
			{"a checkpoint of all", func() { h.Committed(time.Second) }, nil},
			{"idle again", func() { time.Sleep(time.Hour) }, nil},
			{"one slow record", func() {
				h.Read(1, 1)
				inFlight = 1
				time.Sleep(time.Second)
				h.Committed(0)
				time.Sleep(61 * time.Second)
			}, []string{"checkpoint late: none for 1m1s with work to do, 1 records in flight"}},
			{"settled at last", func() { inFlight = 0; h.Committed(0) }, nil},
			{"open", func() { h.State(httpapi.Open) }, []string{open}},
			{"paused", func() { h.State(httpapi.Paused) }, []string{paused}},
			{"and a checkpoint fails", func() { h.CommitFailed() }, []string{paused, failed}},
			{"the next one does not", func() { h.Committed(time.Millisecond) }, []string{paused}},
			{"flowing", func() { h.State(httpapi.Flowing); h.Request(503, 0); h.Retry(503) }, nil},
			{"a source that waits", func() { h.Source(func() []string { return []string{"stream waiting"} }) }, []string{"stream waiting"}},
			{"stopping", func() { h.Stopping() }, []string{"stopping: what has been read is delivered, nothing more is read"}},
		} {
			step.do()
			if diff := cmp.Diff(h.Reasons(), step.want); diff != "" {
				t.Errorf("step %d, %s (-got +want):\n%s", i, step.what, diff)
			}
		}
	})
}

func TestReadyPage(t *testing.T) {
	h := NewHealth(time.Minute)
	url := start(t, NewMetrics("v1"), h)
	for _, step := range []struct {
		do     func()
		status int
		want   string
	}{
		{func() {}, 503, "starting: nothing is read yet\n"},
		{func() { h.Collecting(func() int { return 0 }) }, 200, "ready\n"},
		{func() { h.State(httpapi.Open); h.Stopping() }, 503, "stopping: what has been read is delivered, nothing more is read\ndestination open: it is down, and tried again at intervals; nothing is lost\n"},
		{func() { h.State(httpapi.Flowing); h.Collecting(func() int { return 0 }) }, 200, "ready\n"},
	} {
		step.do()
		status, header, body := get(t, http.MethodGet, url+"/readyz")
		if status != step.status || body != step.want {
			t.Errorf("GET /readyz: got %d %q, want %d %q", status, body, step.status, step.want)
		}
		if got := header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
			t.Errorf("GET /readyz: got Content-Type %q, want text/plain", got)
		}
		if status, _, _ := get(t, http.MethodGet, url+"/healthz"); status != 200 {
			t.Errorf("GET /healthz: got %d, want 200", status)
		}
	}
}
