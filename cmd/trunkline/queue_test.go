package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trunkline/test/emulators"
)

// queue is an SQS with one queue for dead letters.
type queue struct {
	url    string
	place  string // what stands in the config
	sdk    *sqs.Client
	bodies int // messages that peek saw with a whole letter
	stored int // and that point to one in S3
}

// newQueue makes a queue with messages of at most size bytes.
func newQueue(t testing.TB, size int) *queue {
	t.Helper()
	q := &queue{url: emulators.Fauxqs(t)}
	q.sdk = sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &q.url, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")})
	out, err := q.sdk.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("letters"), Attributes: map[string]string{"MaximumMessageSize": fmt.Sprint(size)}})
	if err != nil {
		t.Fatal(err)
	}
	q.place = *out.QueueUrl
	return q
}

// peek returns all messages, and leaves them there. An answer of the queue that is lost on its way takes messages with it until their
// time is over, so it looks for longer than that.
func (q *queue) peek(t testing.TB) (all []string) {
	t.Helper()
	const hold = 3
	seen := map[string]bool{}
	last := time.Now()
	for time.Since(last) < (hold+1)*time.Second {
		out, err := q.sdk.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &q.place, MaxNumberOfMessages: 10, VisibilityTimeout: hold})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			if seen[*m.MessageId] {
				continue
			}
			seen[*m.MessageId], last = true, time.Now()
			all = append(all, *m.Body)
			if strings.Contains(*m.Body, `"stored":{`) {
				q.stored++
			} else {
				q.bodies++
			}
		}
		if len(out.Messages) == 0 {
			time.Sleep(50 * time.Millisecond)
		}
	}
	time.Sleep(hold*time.Second + 100*time.Millisecond) // then they can be had again
	return all
}

// TestLettersInSQS follows dead letters through a queue: no record is settled before its letter is there, whenever the process is
// killed; replay takes them into the folder, and sends them again from there.
func TestLettersInSQS(t *testing.T) {
	t.Parallel()
	q := newQueue(t, 256<<10)
	var lenient atomic.Bool
	var taken atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lenient.Load() {
			time.Sleep(2 * time.Millisecond)
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
	const n = 200
	write(t, dir+"/in", goods(n))
	write(t, dir+"/key.txt", []byte(identity.String()+"\n"))
	config := func(place string) {
		configure(t, dir, fmt.Sprintf("aws: {region: us-east-1, endpoints: {sqs: %q}}", q.url),
			fmt.Sprintf("dead_letter: {sqs: %q, recipient: %s}", place, identity.Recipient()),
			fmt.Sprintf("destination: {http: {url: %q, concurrency: 4}}", server.URL))
	}
	run := call{Dir: dir, Args: []string{"run"}, Env: awsKey}

	config(strings.Replace(q.place, "/letters", "/none", 1))
	p := run.run(t)
	p.want(t, 1)
	if want := "dead_letter.sqs: sqs:GetQueueAttributes on "; !strings.Contains(p.stderr.String(), want) {
		t.Errorf("a queue that is not there: %s, want %s", p.stderr.String(), want)
	}
	config(q.place)

	for i := range 4 {
		p := run.start(t)
		select {
		case <-p.exited:
		case <-time.After(time.Duration(150+50*i) * time.Millisecond):
			p.kill()
		}
	}
	run.run(t).want(t, 0)
	distinct := map[string]bool{}
	for _, body := range q.peek(t) {
		id, _, _ := strings.Cut(strings.TrimPrefix(body, `{"id":"`), `"`)
		distinct[id] = true
	}
	if len(distinct) != n {
		t.Errorf("the queue has %d letters, want %d", len(distinct), n)
	}

	replay := call{Dir: dir, Args: []string{"replay", "--identity", "key.txt"}, Env: awsKey}
	p = replay.run(t)
	p.want(t, 3) // the receiver still refuses
	if strings.Contains(p.stderr.String(), "messages of the queue are held") {
		time.Sleep(61 * time.Second)
		p = replay.run(t)
		p.want(t, 3)
	}
	if want := fmt.Sprintf("%d dead letters: 0 delivered, 0 filtered, 0 duplicate, %d failed again", n, n); !strings.Contains(p.stdout.String(), want) {
		t.Errorf("replay says %s, want %s; %s", p.stdout.String(), want, p.stderr.String())
	}
	if left := q.peek(t); len(left) > 0 {
		t.Errorf("%d messages are left after the replay took them", len(left))
	}
	list := call{Dir: dir, Args: []string{"replay", "--list"}, Env: awsKey}.run(t)
	list.want(t, 0)
	if got := strings.Count(list.stdout.String(), "\n"); got != n {
		t.Errorf("%d letters are listed, want %d", got, n)
	}
	lenient.Store(true)
	p = replay.run(t)
	p.want(t, 0)
	if taken.Load() != n {
		t.Errorf("the receiver took %d, want %d:\n%s", taken.Load(), n, p.stderr.String())
	}
}
