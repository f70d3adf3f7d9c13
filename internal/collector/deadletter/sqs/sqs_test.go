package sqs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"trunkline/internal/awsclient"
	"trunkline/internal/collector/deadletter"
	bucket "trunkline/internal/collector/deadletter/s3"
	"trunkline/test/emulators"
)

// world is an SQS, an S3 with the bucket letters, and a key pair.
type world struct {
	config   *awsclient.Config
	client   *sqs.Client
	identity *age.X25519Identity
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	store := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(store.Close)
	url := emulators.Fauxqs(t)
	w := &world{config: awsclient.New(awsclient.Options{Region: "us-east-1", Endpoints: map[string]string{"sqs": url, "s3": store.URL}})}
	var err error
	if w.identity, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	w.client, err = awsclient.For(w.config, "sqs", "", func(cfg aws.Config, endpoint *string) *sqs.Client {
		return sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = endpoint })
	}).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s3client, err := awsclient.For(w.config, "s3", "", func(cfg aws.Config, endpoint *string) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = endpoint, true })
	}).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s3client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("letters")}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) create(t *testing.T, name string, attributes map[string]string) (url string) {
	t.Helper()
	out, err := w.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return *out.QueueUrl
}

func (w *world) open(t *testing.T, queue string, large Large) *Queue {
	t.Helper()
	q, err := Open(t.Context(), w.config, Options{Queue: queue, Recipients: []age.Recipient{w.identity.Recipient()}, Large: large})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

func (w *world) bucket(t *testing.T) *bucket.Bucket {
	t.Helper()
	b, err := bucket.New(w.config, bucket.Options{Bucket: "letters", Prefix: "large", Owner: "owner", Recipients: []age.Recipient{w.identity.Recipient()}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func letter(n int) deadletter.Letter {
	return deadletter.Letter{
		Time: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Stage: "redact", Reason: "no text", Kind: "contact record",
		Source: deadletter.Source{Partition: "records.jsonl", Position: fmt.Sprint(n)}, Contact: deadletter.Hash{byte(n), 1},
		ContactID: fmt.Sprintf("\x00\ufffe\uffff\u2028\U0001f600ü-%d", n), IdempotencyKey: "key", ContentHash: deadletter.Hash{byte(n), 2},
	}
}

// drain receives everything, and takes it out of the queue.
func drain(t *testing.T, q *Queue) (all []Received) {
	t.Helper()
	receiver, began := q.Receiver(), time.Now()
	for {
		messages, err := receiver.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(messages) == 0 {
			// An answer that was lost on its way took its messages with it, for a minute.
			if held, err := receiver.Held(t.Context()); err != nil {
				t.Fatal(err)
			} else if held == 0 || time.Since(began) > 2*time.Minute {
				return all
			}
			time.Sleep(time.Second)
		}
		for _, m := range messages {
			all = append(all, m)
			if m.Problem != nil {
				continue
			}
			if err := q.Delete(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestQueue sends letters, small and large, whose texts are as hostile records have them, and has them back.
func TestQueue(t *testing.T) {
	w := newWorld(t)
	for _, queue := range []struct {
		name       string
		attributes map[string]string
	}{
		{"letters", map[string]string{"MaximumMessageSize": "4096"}},
		{"letters.fifo", map[string]string{"MaximumMessageSize": "4096", "FifoQueue": "true"}},
	} {
		t.Run(queue.name, func(t *testing.T) {
			b := w.bucket(t)
			q := w.open(t, w.create(t, queue.name, queue.attributes), b)
			records := []string{"", "{}", "not JSON\x00\xff", strings.Repeat(`{"Name":"canary-5f2c9"}`, 2000)}
			for len(records) < 25 {
				records = append(records, fmt.Sprint(len(records)))
			}
			for i, record := range records {
				if err := q.Append(letter(i), []byte(record)); err != nil {
					t.Fatal(err)
				}
			}
			if err := q.Sync(); err != nil {
				t.Fatal(err)
			}
			got := map[string]Received{}
			for _, m := range drain(t, q) {
				if m.Problem != nil {
					t.Errorf("message %s: %v", m.ID(), m.Problem)
					continue
				}
				got[m.Letter.Source.Position] = m
			}
			if len(got) != len(records) {
				t.Fatalf("%d letters came back, want %d", len(got), len(records))
			}
			for i, record := range records {
				m := got[fmt.Sprint(i)]
				want := letter(i)
				want.ID, want.Record = deadletter.NewID("records.jsonl", fmt.Sprint(i), want.ContentHash), m.Letter.Record
				if diff := cmp.Diff(m.Letter, want); diff != "" {
					t.Errorf("letter %d, got - want +:\n%s", i, diff)
				}
				if text, err := m.Letter.Decrypt(w.identity); string(text) != record || err != nil {
					t.Errorf("letter %d holds %d bytes (%v), want %d", i, len(text), err, len(record))
				}
				if large := m.large != nil; large != (len(record) > 4096) {
					t.Errorf("letter %d of %d bytes: in S3 %v", i, len(record), large)
				}
				if m.large == nil {
					continue
				}
				if _, err := b.Read(*m.large); err == nil {
					t.Errorf("letter %d is in S3 after its message was deleted", i)
				}
			}
			if rest := drain(t, q); len(rest) > 0 {
				t.Errorf("%d messages are left", len(rest))
			}
		})
	}
}

// TestForeign: what is no letter is told, stays, and does not keep the receiver going round.
func TestForeign(t *testing.T) {
	w := newWorld(t)
	url := w.create(t, "mixed", map[string]string{"VisibilityTimeout": "0"})
	q := w.open(t, url, nil)
	for _, body := range []string{"canary-5f2c9", `{"id":"canary-5f2c9"}`, `{}`, `{"id":"` + deadletter.ID{1}.String() + `","stored":{"segment":"owner/x.json","length":1}}`} {
		if _, err := w.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Append(letter(1), []byte("record")); err != nil {
		t.Fatal(err)
	}
	if err := q.Sync(); err != nil {
		t.Fatal(err)
	}
	letters, problems := 0, ""
	for _, m := range drain(t, q) {
		if m.Problem == nil {
			letters++
			continue
		}
		problems += m.Problem.Error() + "\n"
	}
	if letters != 1 || strings.Count(problems, "is no dead letter\n") != 3 || strings.Count(problems, "add dead_letter.s3") != 1 || strings.Contains(problems, "canary") {
		t.Errorf("%d letters, want 1; problems:\n%s", letters, problems)
	}
}

func TestOpen(t *testing.T) {
	w := newWorld(t)
	url := w.create(t, "dead", nil)
	q := w.open(t, "arn:aws:sqs:us-east-1:000000000000:dead", nil)
	if err := q.Append(letter(1), []byte("record")); err != nil || q.Sync() != nil {
		t.Fatalf("by its ARN: %v, %v", err, q.Sync())
	}
	if got := len(drain(t, w.open(t, url, nil))); got != 1 {
		t.Errorf("%d letters in the queue, want 1", got)
	}
	recipients := []age.Recipient{w.identity.Recipient()}
	for queue, want := range map[string]string{
		strings.Replace(url, "/dead", "/none", 1): "sqs:GetQueueAttributes on ",
		"arn:aws:sqs:us-east-1:000000000000:none": "sqs:GetQueueUrl on arn:aws:sqs:us-east-1:000000000000:none: ",
	} {
		if _, err := Open(t.Context(), w.config, Options{Queue: queue, Recipients: recipients}); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "does not exist") {
			t.Errorf("%s: %v, want %s", queue, err, want)
		}
	}
	if _, err := Open(t.Context(), w.config, Options{Queue: url}); err == nil {
		t.Error("without a recipient: no error")
	}

	// Too large, and nowhere to put it: said at once, before anything is settled.
	small := w.open(t, w.create(t, "small", map[string]string{"MaximumMessageSize": "2048"}), nil)
	err := small.Append(letter(1), bytes.Repeat([]byte("x"), 2048))
	if err == nil || !strings.Contains(err.Error(), "and a message of the queue 2048: add dead_letter.s3") {
		t.Errorf("a letter that is too large: %v, want what to configure", err)
	}
}

// TestRefused: a letter that is not stored is told by Sync, and nothing more is taken.
func TestRefused(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetQueueAttributes") {
			fmt.Fprint(out, `{"Attributes":{"MaximumMessageSize":"262144"}}`)
			return
		}
		out.WriteHeader(http.StatusForbidden)
		fmt.Fprint(out, `{"__type":"com.amazonaws.sqs#AccessDenied","message":"no"}`)
	}))
	defer server.Close()
	config := awsclient.New(awsclient.Options{Region: "us-east-1", Endpoints: map[string]string{"sqs": server.URL}})
	q, err := Open(t.Context(), config, Options{Queue: "https://sqs.eu-west-2.amazonaws.com/111122223333/dead", Recipients: []age.Recipient{identity.Recipient()}})
	if err != nil {
		t.Fatal(err)
	}
	if got := q.client.Options().Region; got != "eu-west-2" {
		t.Errorf("the queue of eu-west-2 is called in %s", got)
	}
	if err := q.Append(letter(1), []byte("record")); err != nil {
		t.Fatal(err)
	}
	want := "store a dead letter: sqs:SendMessage on https://sqs.eu-west-2.amazonaws.com/111122223333/dead: AccessDenied: no; allow sqs:SendMessage"
	if err := q.Sync(); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Sync: %v, want %s", err, want)
	}
	if err := q.Append(letter(2), []byte("record")); err == nil {
		t.Error("a letter is taken after one that was not stored")
	}
}

// TestASCII: the text stays the same JSON, in characters that SQS takes.
func TestASCII(t *testing.T) {
	for _, text := range []string{"", "plain", "ü€\u2028", "\ufffe\uffff", "\U0001f600\U0010ffff", "\x00\x1f\x7f", "bad \xff"} {
		in, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		out := ascii(in)
		var got, want string
		if json.Unmarshal(out, &got) != nil || json.Unmarshal(in, &want) != nil || got != want {
			t.Errorf("%q became %s", text, out)
		}
		if i := bytes.IndexFunc(out, func(r rune) bool { return r > 0x7e && r != 0x7f || r < ' ' }); i >= 0 {
			t.Errorf("%q became %q", text, out)
		}
	}
}
