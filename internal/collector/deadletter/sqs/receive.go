package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"trunkline/internal/collector/deadletter"
)

// Received is a message of the queue. Nobody else receives it for a minute, unless Delete is called, which takes it out.
type Received struct {
	Letter deadletter.Letter
	// Problem says why the message is no letter, or where the letter it points to is not; Letter is then not set. It quotes nothing.
	Problem error

	id, handle string
	large      *deadletter.Entry // where the whole letter is
}

// ID names the message, for people.
func (r Received) ID() string { return r.id }

const (
	hold       = 60 // seconds that a received message is nobody else's
	longPoll   = 1  // seconds to wait for messages; without any, SQS asks some of its servers only
	atMost     = 10
	everything = 100_000 // messages without a letter that are noted, so that none is received for ever
)

// Receiver takes messages out of a queue, each once.
type Receiver struct {
	queue *Queue
	bad   map[string]bool // messages that are no letters: they come back when their time is over
}

// Receiver makes one.
func (q *Queue) Receiver() *Receiver { return &Receiver{queue: q, bad: map[string]bool{}} }

// Next returns up to ten messages, and none when the queue has no more that can be had.
func (r *Receiver) Next(ctx context.Context) ([]Received, error) {
	q := r.queue
	out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: atMost, WaitTimeSeconds: longPoll, VisibilityTimeout: hold,
	})
	if err != nil {
		return nil, q.explain(ctx, "sqs:ReceiveMessage", err)
	}
	var all []Received
	for _, m := range out.Messages {
		received := q.open(aws.ToString(m.Body))
		received.id, received.handle = aws.ToString(m.MessageId), aws.ToString(m.ReceiptHandle)
		if received.Problem != nil {
			if r.bad[received.id] {
				continue
			}
			r.bad[received.id] = true
		}
		all = append(all, received)
	}
	if len(r.bad) > everything {
		return nil, fmt.Errorf("queue %s holds more than %d messages that are no dead letters: is it the right one?", q.o.Queue, everything)
	}
	return all, nil
}

// Held is how many messages cannot be had at present, about: others hold them, or an answer of the queue was lost on its way here.
func (r *Receiver) Held(ctx context.Context) (int, error) {
	held, err := r.queue.attribute(ctx, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)
	return max(0, held-len(r.bad)), err
}

// open reads a message, and what it points to.
func (q *Queue) open(body string) Received {
	var m message
	if json.Unmarshal([]byte(body), &m) != nil || m.ID == (deadletter.ID{}) { // the JSON error would quote the text
		return Received{Problem: errors.New("is no dead letter")}
	}
	if m.Stored == nil {
		return Received{Letter: m.Letter}
	}
	if q.o.Large == nil {
		return Received{Problem: errors.New("points to a letter in S3: add dead_letter.s3, where that is")}
	}
	e := deadletter.Entry{ID: m.ID, Segment: m.Stored.Segment, Length: m.Stored.Length}
	l, err := q.o.Large.Read(e)
	if err != nil {
		return Received{Problem: err}
	}
	return Received{Letter: l, large: &e}
}

// Delete takes a message out of the queue, and then the letter that it points to out of S3.
func (q *Queue) Delete(ctx context.Context, r Received) error {
	if _, err := q.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: &r.handle}); err != nil {
		return q.explain(ctx, "sqs:DeleteMessage", err)
	}
	if r.large == nil {
		return nil
	}
	return q.o.Large.Delete(ctx, *r.large)
}
