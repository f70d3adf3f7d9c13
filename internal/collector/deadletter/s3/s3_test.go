package s3

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"trunkline/internal/awsclient"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/deadletter/deadlettertest"
)

// place is a bucket.
type place struct {
	config *awsclient.Config
	client *s3.Client
	prefix string
	refuse atomic.Value // an S3 error code that every PutObject gets; "" for none
	puts   atomic.Int64
}

func newPlace(t *testing.T, prefix string) *place {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	p := &place{prefix: prefix}
	p.refuse.Store("")
	fake := gofakes3.New(s3mem.New()).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Count(r.URL.Path, "/") > 1 {
			p.puts.Add(1)
			if code := p.refuse.Load().(string); code != "" {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
				return
			}
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.config = awsclient.New(awsclient.Options{Region: "eu-west-2", Endpoints: map[string]string{"s3": server.URL}})
	client, err := p.bucket(t, "x", []age.Recipient{recipient(t)}).client.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.client = client
	name := "letters"
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return p
}

func recipient(t *testing.T) age.Recipient {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient()
}

func (p *place) bucket(t *testing.T, owner string, recipients []age.Recipient) *Bucket {
	t.Helper()
	b, err := New(p.config, Options{Bucket: "letters", Prefix: p.prefix, Owner: owner, Recipients: recipients})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (p *place) Open(t *testing.T, owner string, recipients []age.Recipient) deadlettertest.Store {
	b := p.bucket(t, owner, recipients)
	t.Cleanup(func() { b.Close() })
	return b
}

func (p *place) keys(t *testing.T) (keys []string) {
	t.Helper()
	name := "letters"
	pages := s3.NewListObjectsV2Paginator(p.client, &s3.ListObjectsV2Input{Bucket: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	return keys
}

func (p *place) Dump(t *testing.T) string {
	t.Helper()
	name := "letters"
	var all strings.Builder
	for _, key := range p.keys(t) {
		out, err := p.client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &name, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, out.Body); err != nil {
			t.Fatal(err)
		}
		out.Body.Close()
	}
	return all.String()
}

func TestBucketAsStore(t *testing.T) {
	for _, prefix := range []string{"", "team a/dead"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			deadlettertest.Run(t, func(t *testing.T) deadlettertest.Place { return newPlace(t, prefix) })
		})
	}
}

// TestRefused: a letter that is not stored is told by Sync, before anything is settled, and nothing more is taken.
func TestRefused(t *testing.T) {
	p := newPlace(t, "dead")
	b := p.bucket(t, "owner", []age.Recipient{recipient(t)})
	p.refuse.Store("AccessDenied")
	l := deadletter.Letter{Source: deadletter.Source{Partition: "p"}}
	if _, err := b.Append(l, []byte("record")); err != nil {
		t.Fatal(err)
	}
	want := "store a dead letter: s3:PutObject on arn:aws:s3:::letters/dead/owner/" + deadletter.NewID("p", "", deadletter.Hash{}).String() +
		".json: AccessDenied: no; allow s3:PutObject"
	if err := b.Sync(); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "nothing is lost") {
		t.Errorf("Sync: %v, want %s", err, want)
	}
	p.refuse.Store("")
	if _, err := b.Append(l, []byte("record")); err == nil {
		t.Error("a letter is taken after one that was not stored")
	}
	if got := p.keys(t); len(got) > 0 {
		t.Errorf("the bucket has %v, want nothing", got)
	}
}

// TestWrittenOnce: the same letter, as after a crash, takes its own place.
func TestWrittenOnce(t *testing.T) {
	p := newPlace(t, "dead")
	b := p.bucket(t, "owner", []age.Recipient{recipient(t)})
	for range 3 {
		if _, err := b.Append(deadletter.Letter{Source: deadletter.Source{Partition: "p"}}, []byte("record")); err != nil {
			t.Fatal(err)
		}
		if err := b.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.keys(t); len(got) != 1 || p.puts.Load() != 3 {
		t.Errorf("the bucket has %v after %d writes, want one object after 3", got, p.puts.Load())
	}
}
