package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"trunkline/internal/collector"
	"trunkline/internal/collector/dedupe"
	"trunkline/internal/destination/httpapi"
)

// samples parses a page: the value of each of trunkline's series, and of a histogram its count, sum and buckets. Series that are 0
// are left out.
func samples(t *testing.T, page string) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parse the page: %v\n%s", err, page)
	}
	all := map[string]float64{}
	for name, family := range families {
		if !strings.HasPrefix(name, "trunkline_") {
			continue
		}
		for _, m := range family.GetMetric() {
			var labels strings.Builder
			for _, l := range m.GetLabel() {
				fmt.Fprintf(&labels, " %s=%s", l.GetName(), l.GetValue())
			}
			put := func(suffix string, v float64) {
				if v != 0 {
					all[name+suffix+labels.String()] = v
				}
			}
			switch {
			case m.GetHistogram() != nil:
				put("_count", float64(m.GetHistogram().GetSampleCount()))
				put("_sum", m.GetHistogram().GetSampleSum())
				for _, b := range m.GetHistogram().GetBucket() {
					put(fmt.Sprintf("_bucket_%v", b.GetUpperBound()), float64(b.GetCumulativeCount()))
				}
			case m.GetCounter() != nil:
				put("", m.GetCounter().GetValue())
			default:
				put("", m.GetGauge().GetValue())
			}
		}
	}
	return all
}

// scrape gets a page of a server of its own.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	url := start(t, m, NewHealth(time.Minute))
	status, _, body := get(t, http.MethodGet, url+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("GET /metrics: got status %d, want 200; body %q", status, body)
	}
	return body
}

func everyReading() Readings {
	return Readings{
		InFlight: func() int { return 17 }, LagBytes: func() (int64, bool) { return 4096, true }, Window: func() int { return 5 },
		DeadLetters: func() int { return 2 }, EnrichRows: func() int { return 300 },
		EnrichRefreshes: func() uint64 { return 12 }, EnrichFailures: func() uint64 { return 3 },
		Stream: func() Stream {
			return Stream{
				Shards: []Shard{
					{ID: "shardId-000000000007", Behind: 1500 * time.Millisecond, Records: 21, Bytes: 99_000},
					{ID: "shardId-0 ann@example.com", Behind: time.Hour}, // no id: it is not shown
				},
				Leases: 2, Gained: 31, Lost: 32, Checkpoints: 33, Refused: 34, Throttled: 35, Expired: 36, Misplaced: 37, Gaps: 38,
			}
		},
	}
}

func TestPage(t *testing.T) {
	m := NewMetrics("v1.2.3")
	m.Watch(everyReading())
	d := m.Destination()
	m.Read(10, 48_000)
	m.Read(1, 100)
	m.Revoked(6)
	for range 3 {
		m.settled.add(collector.Delivered, "", 1, 3*time.Millisecond)
	}
	m.settled.add(collector.Filtered, "filter", 2, 250*time.Microsecond)
	m.settled.add(collector.Filtered, "call notice", 1, time.Hour)
	m.settled.add(collector.DeadLetter, "deliver", 4, -time.Second) // a clock that was set back
	m.settled.add(collector.Pending, "", 1, 0)
	m.settled.add(collector.Outcomes, "", 1, 0)
	m.Settled(collector.Duplicate, "deduplicate", 1, time.Now().Add(time.Minute))
	m.Committed(20 * time.Millisecond)
	d.Request(200, 4*time.Millisecond)
	d.Request(499, 4*time.Millisecond)
	d.Request(0, 20*time.Second)
	d.Request(777, time.Millisecond)
	d.Retry(503)
	d.Retry(0)
	d.State(httpapi.Paused)
	d.State(httpapi.Open)

	got := samples(t, scrape(t, m))
	for name := range got {
		// Buckets of the library's own histograms are its own matter.
		if strings.Contains(name, "_bucket_") && !strings.HasPrefix(name, "trunkline_record_settle_seconds") || strings.HasPrefix(name, "trunkline_build_info") {
			delete(got, name)
		}
	}
	want := map[string]float64{
		"trunkline_read_records_total":                                     11,
		"trunkline_read_bytes_total":                                       48_100,
		"trunkline_records_total outcome=delivered reason=":                3,
		"trunkline_records_total outcome=filtered reason=filter":           2,
		"trunkline_records_total outcome=filtered reason=call notice":      1,
		"trunkline_records_total outcome=dead_letter reason=deliver":       4,
		"trunkline_records_total outcome=duplicate reason=deduplicate":     1,
		"trunkline_record_settle_seconds_count outcome=delivered":          3,
		"trunkline_record_settle_seconds_sum outcome=delivered":            0.009,
		"trunkline_record_settle_seconds_count outcome=filtered":           3,
		"trunkline_record_settle_seconds_sum outcome=filtered":             3600.0005,
		"trunkline_record_settle_seconds_count outcome=dead_letter":        4,
		"trunkline_record_settle_seconds_count outcome=duplicate":          1,
		"trunkline_record_settle_seconds_bucket_+Inf outcome=delivered":    3,
		"trunkline_record_settle_seconds_bucket_+Inf outcome=filtered":     3,
		"trunkline_record_settle_seconds_bucket_+Inf outcome=dead_letter":  4,
		"trunkline_record_settle_seconds_bucket_+Inf outcome=duplicate":    1,
		"trunkline_commit_duration_seconds_count":                          1,
		"trunkline_commit_duration_seconds_sum":                            0.02,
		"trunkline_in_flight_records":                                      17,
		"trunkline_source_lag_bytes":                                       4096,
		"trunkline_dedupe_window_versions":                                 5,
		"trunkline_dead_letters_waiting":                                   2,
		"trunkline_enrich_rows":                                            300,
		"trunkline_enrich_refreshes_total":                                 12,
		"trunkline_enrich_refresh_failures_total":                          3,
		"trunkline_destination_requests_total code=200":                    1,
		"trunkline_destination_requests_total code=499":                    1,
		"trunkline_destination_requests_total code=none":                   1,
		"trunkline_destination_requests_total code=other":                  1,
		"trunkline_destination_request_duration_seconds_count class=2xx":   1,
		"trunkline_destination_request_duration_seconds_sum class=2xx":     0.004,
		"trunkline_destination_request_duration_seconds_count class=4xx":   1,
		"trunkline_destination_request_duration_seconds_sum class=4xx":     0.004,
		"trunkline_destination_request_duration_seconds_count class=none":  1,
		"trunkline_destination_request_duration_seconds_sum class=none":    20,
		"trunkline_destination_request_duration_seconds_count class=other": 1,
		"trunkline_destination_request_duration_seconds_sum class=other":   0.001,
		"trunkline_destination_retries_total code=503":                     1,
		"trunkline_destination_retries_total code=none":                    1,
		"trunkline_destination_state state=open":                           1,
		"trunkline_revoked_records_total":                                  6,
		"trunkline_shard_behind_seconds shard=shardId-000000000007":        1.5,
		"trunkline_shard_lag_records shard=shardId-000000000007":           21,
		"trunkline_shard_lag_bytes shard=shardId-000000000007":             99_000,
		"trunkline_leases_held":                                            2,
		"trunkline_leases_gained_total":                                    31,
		"trunkline_leases_lost_total":                                      32,
		"trunkline_checkpoints_total":                                      33,
		"trunkline_checkpoints_refused_total":                              34,
		"trunkline_stream_throttled_total":                                 35,
		"trunkline_stream_iterators_expired_total":                         36,
		"trunkline_stream_misplaced_aggregates_total":                      37,
		"trunkline_stream_gaps_total":                                      38,
	}
	for _, bound := range bounds {
		name := func(o string) string {
			return fmt.Sprintf("trunkline_record_settle_seconds_bucket_%v outcome=%s", bound.Seconds(), o)
		}
		want[name("dead_letter")], want[name("duplicate")] = 4, 1
		if bound >= 5*time.Millisecond {
			want[name("delivered")] = 3
		}
		if bound >= 250*time.Microsecond { // a bucket holds what is as long as its bound
			want[name("filtered")] = 2
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("the page (-got +want):\n%s", diff)
	}
}

// What the source cannot tell, and what does not exist, has no series: 0 would be a lie.
func TestAbsent(t *testing.T) {
	m := NewMetrics("v1")
	m.Watch(Readings{LagBytes: func() (int64, bool) { return 0, false }})
	page := scrape(t, m)
	for _, name := range []string{"trunkline_source_lag_bytes", "trunkline_destination", "trunkline_enrich", "trunkline_dedupe"} {
		if strings.Contains(page, "\n"+name) {
			t.Errorf("the page has %s*, want none of it:\n%s", name, page)
		}
	}
	for _, name := range []string{"go_goroutines ", "process_start_time_seconds ", `trunkline_records_total{outcome="dead_letter",reason="decode"} 0`} {
		if !strings.Contains(page, "\n"+name) {
			t.Errorf("the page lacks %s", name)
		}
	}
	if want := `trunkline_build_info{goversion="go1.`; !strings.Contains(page, want) {
		t.Errorf("the page lacks %s", want)
	}
}

// Texts that are not on the list count, and do not show.
func TestPrivacy(t *testing.T) {
	const planted = "+442079460123"
	m := NewMetrics("v1")
	hostile := []string{
		planted, "deliver " + planted, "filter\x00" + planted, planted + "\"} 1\n", strings.Repeat(planted, 1<<16), "\xff" + planted, "Deliver",
	}
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		for _, reason := range hostile {
			m.Settled(o, reason, 1, time.Now())
		}
	}
	page := scrape(t, m)
	if strings.Contains(page, planted) || strings.Contains(page, "Deliver\"") {
		t.Errorf("the page shows what was passed as a reason:\n%s", page)
	}
	got := samples(t, page)
	for o := collector.Delivered; o < collector.Outcomes; o++ {
		if name := fmt.Sprintf("trunkline_records_total outcome=%s reason=other", o); got[name] != float64(len(hostile)) {
			t.Errorf("%s: got %v, want %d", name, got[name], len(hostile))
		}
	}
}

// A hostile endpoint answers with every status there is: the number of series has an end.
func TestCodesAreBounded(t *testing.T) {
	m := NewMetrics("v1")
	d := m.Destination()
	for status := range 100_000 {
		d.Request(status, time.Millisecond)
		d.Retry(-status)
	}
	n := 0
	for name := range samples(t, scrape(t, m)) {
		if strings.HasPrefix(name, "trunkline_destination_re") && strings.Contains(name, "code=") {
			n++
		}
	}
	if want := 500 + 2 + 2; n != want { // 100 to 599, none and other, of requests; none and other of retries
		t.Errorf("got %d series by code, want %d", n, want)
	}
}

func TestSettledAllocatesNothing(t *testing.T) {
	all := Observers(NewMetrics("v1"), NewHealth(time.Minute))
	read := time.Now()
	got := testing.AllocsPerRun(1000, func() {
		all.Settled(collector.Delivered, "", 1, read)
		all.Settled(collector.DeadLetter, "no such stage", 1, read)
	})
	if got != 0 {
		t.Errorf("got %v allocations for two settled records, want 0", got)
	}
}

// Observers are called from several goroutines while the page is read.
func TestObserversConcurrently(t *testing.T) {
	m, h := NewMetrics("v1"), NewHealth(time.Minute)
	h.Collecting(func() int { return 1 })
	all, requests := Observers(m, h), DestinationObservers(m.Destination(), h)
	url := start(t, m, h)
	const workers, rounds = 4, 500
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range rounds {
				all.Read(1, 10)
				all.Settled(collector.Delivered, "", 1, time.Now())
				all.Committed(time.Millisecond)
				requests.Request(200, time.Millisecond)
				requests.Retry(503)
				requests.State(httpapi.Flowing)
			}
		})
	}
	for range 5 {
		get(t, http.MethodGet, url+"/metrics")
		get(t, http.MethodGet, url+"/readyz")
	}
	group.Wait()
	_, _, page := get(t, http.MethodGet, url+"/metrics")
	got := samples(t, page)
	for _, name := range []string{
		"trunkline_read_records_total", "trunkline_records_total outcome=delivered reason=", "trunkline_commit_duration_seconds_count",
		"trunkline_record_settle_seconds_count outcome=delivered", "trunkline_destination_requests_total code=200", "trunkline_destination_retries_total code=503",
	} {
		if got[name] != workers*rounds {
			t.Errorf("%s: got %v, want %d", name, got[name], workers*rounds)
		}
	}
}

// lines is a source of one batch, a journal that says what it is told to, and a destination that refuses on demand.
type lines struct {
	texts []string
	read  bool
}

func (l *lines) Read(context.Context) (*collector.Batch, error) {
	if l.read {
		return nil, io.EOF
	}
	l.read = true
	b := &collector.Batch{}
	for _, text := range l.texts {
		in := collector.Input{Data: []byte(text)}
		if text == "" {
			in.Problem = errors.New("too long")
		}
		b.Records = append(b.Records, in)
	}
	return b, nil
}

func (l *lines) Close() error                                            { return nil }
func (l *lines) DeadLetter(collector.Letter) error                       { return nil }
func (l *lines) Watching() bool                                          { return false }
func (l *lines) Delivered(dedupe.Version)                                {}
func (l *lines) Commit(_ collector.Settlement, flush func() error) error { return flush() }

func (l *lines) Seen(v dedupe.Version) dedupe.Verdict { return dedupe.Verdict(v.Time / 1_000_000 % 3) }

func (l *lines) Deliver(_ context.Context, batch []*collector.Outgoing) error {
	for _, o := range batch {
		if strings.Contains(string(o.Body), "refuse") {
			o.Refused = errors.New("status 400")
		}
	}
	return nil
}

// The list of reasons is the one that the collector has: whatever becomes of a record, it is counted under its stage.
func TestReasonsOfCollector(t *testing.T) {
	record := func(second int, note string) string {
		return fmt.Sprintf(`{"AWSContactTraceRecordFormatVersion":"1","ContactId":%q,"LastUpdateTimestamp":"2026-11-22T10:00:%02dZ","note":%q}`, note, second, note)
	}
	l := &lines{texts: []string{
		"", "{", `{"trunkline":"call"}`, record(0, "good"), record(0, "refuse"), record(1, "duplicate"), record(2, "superseded"),
		record(0, "filter drops"), record(0, "filter fails"), record(0, "enrich fails"), record(0, "redact fails"),
	}}
	stage := func(name string) collector.Stage {
		return collector.Stage{Name: name, New: func() func(*collector.Record) error {
			return func(r *collector.Record) error {
				switch doc := r.Document(); {
				case doc.TextIs(doc.Lookup("note"), name+" drops"):
					return collector.ErrFiltered
				case doc.TextIs(doc.Lookup("note"), name+" fails"):
					return errors.New("it fails")
				}
				return nil
			}
		}}
	}
	m := NewMetrics("v1")
	c := collector.New(collector.Options{
		Source: l, Destination: l, Journal: l, Keys: collector.DeriveKeys([]byte("key")), Deduplicate: true, Observer: m,
		Stages: []collector.Stage{stage("filter"), stage("enrich"), stage("redact")},
	})
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := samples(t, scrape(t, m))
	for name := range got {
		if !strings.HasPrefix(name, "trunkline_records_total") {
			delete(got, name)
		}
	}
	want := map[string]float64{
		"trunkline_records_total outcome=delivered reason=":             1,
		"trunkline_records_total outcome=filtered reason=filter":        1,
		"trunkline_records_total outcome=filtered reason=call notice":   1,
		"trunkline_records_total outcome=duplicate reason=deduplicate":  1,
		"trunkline_records_total outcome=superseded reason=deduplicate": 1,
		"trunkline_records_total outcome=dead_letter reason=source":     1,
		"trunkline_records_total outcome=dead_letter reason=decode":     1,
		"trunkline_records_total outcome=dead_letter reason=filter":     1,
		"trunkline_records_total outcome=dead_letter reason=enrich":     1,
		"trunkline_records_total outcome=dead_letter reason=redact":     1,
		"trunkline_records_total outcome=dead_letter reason=deliver":    1,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("records by reason (-got +want):\n%s", diff)
	}
}
