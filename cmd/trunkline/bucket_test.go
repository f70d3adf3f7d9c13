package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// bucket is an S3 with one bucket for dead letters.
type bucket struct {
	url   string
	place string // what stands in the config
	sdk   *s3.Client
	deny  atomic.Bool  // refuse to store
	slow  atomic.Int64 // nanoseconds that storing takes
	puts  atomic.Int64 // letters that were to be stored
}

const bucketName = "letters"

func newBucket(t testing.TB) *bucket {
	t.Helper()
	b := &bucket{place: "s3://" + bucketName + "/dead"}
	fake := gofakes3.New(s3mem.New()).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/"+bucketName+"/") {
			b.puts.Add(1)
			time.Sleep(time.Duration(b.slow.Load()))
			if b.deny.Load() {
				w.WriteHeader(http.StatusForbidden)
				io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
				return
			}
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	b.sdk = s3.New(s3.Options{
		Region: "eu-west-2", BaseEndpoint: &b.url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	name := bucketName
	if _, err := b.sdk.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return b
}

// dump is every object by its key.
func (b *bucket) dump(t testing.TB) map[string][]byte {
	t.Helper()
	name, all := bucketName, map[string][]byte{}
	pages := s3.NewListObjectsV2Paginator(b.sdk, &s3.ListObjectsV2Input{Bucket: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			out, err := b.sdk.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: o.Key})
			if err != nil {
				t.Fatal(err)
			}
			if all[*o.Key], err = io.ReadAll(out.Body); err != nil {
				t.Fatal(err)
			}
			out.Body.Close()
		}
	}
	return all
}

func (b *bucket) config() string {
	return fmt.Sprintf("aws: {region: eu-west-2, endpoints: {s3: %q}}", b.url)
}

// TestLettersInS3 follows dead letters through a bucket: no record is settled before its letter is stored, whenever the process is
// killed; they are listed, replayed with the identity, and gone from the bucket then.
func TestLettersInS3(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	var lenient atomic.Bool
	var taken atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lenient.Load() {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		taken.Add(1)
	}))
	defer server.Close()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const n = 60
	write(t, dir+"/in", goods(n))
	write(t, dir+"/key.txt", []byte(identity.String()+"\n"))
	configure(t, dir, b.config(), fmt.Sprintf("dead_letter: {s3: %q, recipient: %s}", b.place, identity.Recipient()),
		fmt.Sprintf("destination: {http: {url: %q, concurrency: 4}}", server.URL))
	run := call{Dir: dir, Args: []string{"run"}, Env: awsKey}

	// S3 refuses: the run fails, says which permission is missing, and settles nothing.
	b.deny.Store(true)
	p := run.run(t)
	p.want(t, 1)
	if want := "; allow s3:PutObject on arn:aws:s3:::letters/dead/"; !strings.Contains(p.stderr.String(), want) {
		t.Errorf("a bucket that refuses: %s, want %s", p.stderr.String(), want)
	}
	b.deny.Store(false)

	// S3 takes longer than a checkpoint, and the process is killed while letters are on their way.
	b.slow.Store(int64(400 * time.Millisecond))
	for range 3 {
		before := b.puts.Load()
		p := run.start(t)
		until(t, 30*time.Second, "a letter on its way", func() bool { return b.puts.Load() > before })
		time.Sleep(250 * time.Millisecond)
		if !p.kill() {
			t.Errorf("the run had ended before it was killed: the test shows less than it should:\n%s", p.stderr.String())
		}
	}
	b.slow.Store(int64(time.Millisecond))
	run.run(t).want(t, 0)
	b.slow.Store(0)
	status := trunkline(t, dir, "status", "--output", "json")
	status.want(t, 0)
	stored := b.dump(t)
	if len(stored) != n {
		t.Errorf("%d letters are in the bucket, want %d; status: %s", len(stored), n, status.stdout.String())
	}
	for key := range stored {
		if !strings.HasPrefix(key, "dead/") || !strings.HasSuffix(key, ".json") {
			t.Errorf("the bucket has %s", key)
		}
	}

	list := call{Dir: dir, Args: []string{"replay", "--list", "--output", "json"}, Env: awsKey}.run(t)
	list.want(t, 0)
	listed := map[string]bool{}
	for line := range strings.Lines(list.stdout.String()) {
		var l struct {
			ContactID string `json:"contact_id"`
			Stage     string `json:"stage"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Stage != "deliver" {
			t.Fatalf("listed: %s (%v)", line, err)
		}
		listed[l.ContactID] = true
	}
	if len(listed) != n {
		t.Errorf("%d contacts are listed, want %d", len(listed), n)
	}

	replay := call{Dir: dir, Args: []string{"replay", "--identity", "key.txt"}, Env: awsKey}
	replay.run(t).want(t, 3) // the receiver still refuses: all stay
	if got := len(b.dump(t)); got != n {
		t.Errorf("%d letters are in the bucket after a replay in vain, want %d", got, n)
	}
	lenient.Store(true)
	p = replay.run(t)
	p.want(t, 0)
	if got := len(b.dump(t)); got != 0 || taken.Load() != n {
		t.Errorf("after the replay %d letters are in the bucket and the receiver took %d, want 0 and %d:\n%s", got, taken.Load(), n, p.stderr.String())
	}
}
