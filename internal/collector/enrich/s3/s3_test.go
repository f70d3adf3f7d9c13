package s3

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"trunkline/contact"
	"trunkline/internal/awsclient"
	"trunkline/internal/collector/enrich"
)

// bucket is an S3 with one bucket, agent-data, and what was asked of it.
type bucket struct {
	url  string
	sdk  *s3.Client
	gets atomic.Int64 // requests that were answered with an object
	same atomic.Int64 // and with 304
	deny atomic.Bool
}

type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) { w.status = status; w.ResponseWriter.WriteHeader(status) }

func newBucket(t *testing.T) (*bucket, *Object) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	b := &bucket{}
	fake := gofakes3.New(s3mem.New()).Server()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if b.deny.Load() {
			out.WriteHeader(http.StatusForbidden)
			fmt.Fprint(out, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
			return
		}
		w := &watched{out, http.StatusOK}
		fake.ServeHTTP(w, r)
		switch {
		case r.Method == http.MethodGet && w.status == http.StatusOK:
			b.gets.Add(1)
		case w.status == http.StatusNotModified:
			b.same.Add(1)
		}
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	o := New(awsclient.New(awsclient.Options{Region: "eu-west-2", Endpoints: map[string]string{"s3": b.url}}), "agent-data", "team a/agents.csv")
	sdk, err := o.client.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.sdk = sdk
	if _, err := sdk.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &o.bucket}); err != nil {
		t.Fatal(err)
	}
	return b, o
}

func (b *bucket) put(t *testing.T, o *Object, text string) {
	t.Helper()
	if _, err := b.sdk.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &o.bucket, Key: &o.key, Body: strings.NewReader(text)}); err != nil {
		t.Fatal(err)
	}
}

func TestGet(t *testing.T) {
	b, o := newBucket(t)
	if _, _, err := o.Get(t.Context(), "", 100); err == nil || !strings.HasPrefix(err.Error(), "s3:GetObject on arn:aws:s3:::agent-data/team a/agents.csv: NoSuchKey") {
		t.Errorf("an object that is not there: %v", err)
	}
	b.put(t, o, "0123456789")
	content, tag, err := o.Get(t.Context(), "", 100)
	if string(content) != "0123456789" || tag == "" || err != nil {
		t.Errorf("got %q, tag %q (%v), want the object", content, tag, err)
	}
	content, again, err := o.Get(t.Context(), tag, 100)
	if content != nil || again != tag || err != nil || b.same.Load() != 1 {
		t.Errorf("unchanged: got %q, tag %q (%v) and %d answers 304, want nothing, tag %q and 1", content, again, err, b.same.Load(), tag)
	}
	if content, _, err := o.Get(t.Context(), "", 4); string(content) != "01234" || err != nil {
		t.Errorf("with a limit of 4: got %q (%v), want 5 bytes", content, err)
	}
	b.put(t, o, "")
	if content, _, err := o.Get(t.Context(), tag, 100); content == nil || len(content) > 0 || err != nil {
		t.Errorf("an empty object: got %v (%v), want no bytes, and not nil", content, err)
	}
	b.deny.Store(true)
	if _, _, err := o.Get(t.Context(), "", 100); err == nil || !strings.Contains(err.Error(), "; allow s3:GetObject on arn:aws:s3:::agent-data/team a/agents.csv; without s3:ListBucket") {
		t.Errorf("denied: %v, want the permission", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := o.Get(ctx, "", 100); err == nil {
		t.Error("with a canceled context: no error")
	}
}

// counts is an enrich.Observer.
type counts struct{ loaded, broken atomic.Int64 }

func (c *counts) AgentLooked(bool) {}
func (c *counts) AgentsLoaded(int) { c.loaded.Add(1) }
func (c *counts) AgentsBroken()    { c.broken.Add(1) }

// TestRefresh changes an object under a running stage: a new one comes into force, a broken one does not, and neither is fetched twice.
func TestRefresh(t *testing.T) {
	b, o := newBucket(t)
	path, err := contact.ParsePath("Agent.Username")
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	var seen counts
	options := enrich.Options{
		From: "s3://agent-data/team a/agents.csv", Remote: o, Match: path, Refresh: 10 * time.Millisecond, Observe: &seen,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	if _, err := enrich.New(t.Context(), options); err == nil || !strings.Contains(err.Error(), "agent file s3://agent-data/team a/agents.csv: s3:GetObject") {
		t.Errorf("without the object, New: %v", err)
	}
	b.put(t, o, "Username,Team\nann,one\n")
	e, err := enrich.New(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { e.Run(ctx) })
	defer running.Wait()
	defer cancel()
	team := func() string {
		row, _ := e.Directory().Lookup([]byte("ann"))
		return string(row)
	}
	until := func(what string, holds func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("waited for %s; row of ann is %s, log:\n%s", what, team(), log.String())
			}
		}
	}
	looks := func(n int64) {
		t.Helper()
		from := b.same.Load()
		until("looks at an object that stays", func() bool { return b.same.Load() >= from+n })
	}
	looks(3)
	if got := b.gets.Load(); got != 1 {
		t.Errorf("the object was fetched %d times, want once", got)
	}
	b.put(t, o, "Username,Team\nann,two\n")
	until("the new object", func() bool { return strings.Contains(team(), "two") })

	b.put(t, o, "Username,Team\nann,canary\nann,canary\n")
	until("the broken object", func() bool { return seen.broken.Load() > 0 })
	looks(3)
	if !strings.Contains(team(), "two") || b.gets.Load() != 3 || seen.broken.Load() < 3 || strings.Count(log.String(), "level=WARN") != 1 {
		t.Errorf("broken: row %s, %d fetched, %d times counted, want the old row, 3, and once a look; log:\n%s", team(), b.gets.Load(), seen.broken.Load(), log.String())
	}
	b.deny.Store(true)
	until("the denial in the log", func() bool { return strings.Contains(log.String(), "AccessDenied") })
	b.deny.Store(false)
	b.put(t, o, `[{"Username":"ann","Team":"three"}]`)
	until("the object after the broken one", func() bool { return strings.Contains(team(), "three") })
	if strings.Contains(log.String(), "canary") {
		t.Errorf("the log shows a value:\n%s", log.String())
	}
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
