// Package sqs hands dead letters to a queue of Amazon SQS, one message a letter.
//
//	Letter, record ─▶ Append ─▶ SendMessage ─▶ Sync ─▶ settled            Receive ─▶ letters, which replay makes its own ─▶ Delete
//	                    └─ too large ─▶ S3, and a message that says where ──────┘
//
// Its promises: a record leaves this machine encrypted; Sync returns when every letter that was appended is stored, so nothing is
// settled before; a message is deleted only when whoever received it says so. A letter can be in the queue more than once, with one ID.
//
// It calls sqs:GetQueueAttributes and sqs:SendMessage, for replay sqs:ReceiveMessage and sqs:DeleteMessage, with an ARN
// sqs:GetQueueUrl, and kms:GenerateDataKey and kms:Decrypt where the queue encrypts with a key of its own.
package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/collector/deadletter"
)

// Large keeps the letters that a message cannot hold: the dead letters' bucket.
type Large interface {
	Append(l deadletter.Letter, record []byte) (deadletter.Entry, error)
	Sync() error
	Read(e deadletter.Entry) (deadletter.Letter, error)
	Delete(ctx context.Context, e deadletter.Entry) error
	Close() error
}

// Options of Open.
type Options struct {
	Queue      string          // its URL or its ARN
	Recipients []age.Recipient // that records are encrypted to, at least one
	Large      Large           // nil: a letter that is too large is an error
}

// Queue takes letters. It is safe for concurrent use.
type Queue struct {
	o      Options
	client *sqs.Client
	url    string
	limit  int // bytes of a message
	outbox deadletter.Outbox
}

// Open asks the queue how large a message may be.
func Open(ctx context.Context, config *awsclient.Config, o Options) (*Queue, error) {
	if len(o.Recipients) == 0 {
		return nil, errors.New("dead letters in SQS: no recipient given")
	}
	ctx, cancel := context.WithTimeout(ctx, deadletter.Patience)
	defer cancel()
	client, err := awsclient.For(config, "sqs", region(o.Queue), func(cfg aws.Config, endpoint *string) *sqs.Client {
		return sqs.NewFromConfig(cfg, func(o *sqs.Options) {
			o.RetryMaxAttempts = 8
			if endpoint != nil {
				o.BaseEndpoint = endpoint
			}
		})
	}).Get(ctx)
	if err != nil {
		return nil, err
	}
	q := &Queue{o: o, client: client, url: o.Queue}
	if account, name, ok := fromARN(o.Queue); ok {
		out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name, QueueOwnerAWSAccountId: &account})
		if err != nil {
			return nil, q.explain(ctx, "sqs:GetQueueUrl", err)
		}
		q.url = aws.ToString(out.QueueUrl)
	}
	if q.limit, err = q.attribute(ctx, types.QueueAttributeNameMaximumMessageSize); err != nil {
		return nil, err
	}
	return q, nil
}

// attribute asks the queue for one of its numbers.
func (q *Queue) attribute(ctx context.Context, name types.QueueAttributeName) (int, error) {
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{name}})
	if err != nil {
		return 0, q.explain(ctx, "sqs:GetQueueAttributes", err)
	}
	text := out.Attributes[string(name)]
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("queue %s: %s is %q, want a number", q.o.Queue, name, text)
	}
	return number, nil
}

// fromARN takes arn:aws:sqs:REGION:ACCOUNT:NAME apart.
func fromARN(queue string) (account, name string, ok bool) {
	parts := strings.Split(queue, ":")
	if len(parts) != 6 || parts[0] != "arn" {
		return "", "", false
	}
	return parts[4], parts[5], true
}

// region is the one that an ARN or a URL of AWS names.
func region(queue string) string {
	if parts := strings.Split(queue, ":"); len(parts) == 6 && parts[0] == "arn" {
		return parts[3]
	}
	_, host, _ := strings.Cut(queue, "://sqs.")
	host, _, _ = strings.Cut(host, "/")
	region, domain, _ := strings.Cut(host, ".")
	if strings.HasPrefix(domain, "amazonaws.com") {
		return region
	}
	return ""
}

// message is a letter as the queue has it: whole, or its envelope and where the whole one is.
type message struct {
	deadletter.Letter
	Stored *stored `json:"stored,omitempty"`
}

// stored says where a letter is that no message holds.
type stored struct {
	Segment string `json:"segment"` // an object behind the prefix of dead_letter.s3
	Length  int64  `json:"length"`
}

// Append begins to send a letter and its record, as [deadletter.Letter.Seal] makes them. The error is of this letter, such as that it is
// too large, or of an earlier one that could not be stored: the run should end.
func (q *Queue) Append(l deadletter.Letter, record []byte) error {
	line, e, err := l.Seal(record, q.o.Recipients)
	if err != nil {
		return err
	}
	body := ascii(bytes.TrimSuffix(line, []byte("\n")))
	if len(body) <= q.limit {
		return q.outbox.Send(func(ctx context.Context) error { return q.send(ctx, e.ID, body) })
	}
	if q.o.Large == nil {
		return fmt.Errorf("dead letter %s has %d bytes, and a message of the queue %d: add dead_letter.s3, which takes such letters,"+
			" or raise the queue's MaximumMessageSize; nothing is lost: start again then", e.ID, len(body), q.limit)
	}
	l.ID = e.ID
	entry, err := q.o.Large.Append(l, record)
	if err != nil {
		return err
	}
	pointer, err := point(l, entry)
	if err != nil {
		return err
	}
	return q.outbox.Send(func(ctx context.Context) error {
		if err := q.o.Large.Sync(); err != nil {
			return err
		}
		return q.send(ctx, e.ID, pointer)
	})
}

// point makes the message that says where a letter is.
func point(l deadletter.Letter, e deadletter.Entry) ([]byte, error) {
	l.Record = ""
	envelope, _, err := l.Seal(nil, nil)
	if err != nil {
		return nil, err
	}
	where, err := json.Marshal(stored{e.Segment, e.Length})
	if err != nil {
		return nil, err
	}
	envelope = bytes.TrimSuffix(envelope, []byte("}\n"))
	return ascii(fmt.Appendf(envelope, `,"stored":%s}`, where)), nil
}

func (q *Queue) send(ctx context.Context, id deadletter.ID, body []byte) error {
	in := &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String(string(body))}
	if strings.HasSuffix(q.url, ".fifo") {
		in.MessageGroupId, in.MessageDeduplicationId = aws.String(id.String()), aws.String(id.String())
	}
	if _, err := q.client.SendMessage(ctx, in); err != nil {
		return fmt.Errorf("store a dead letter: %w; nothing is lost: start again when that is mended", q.explain(ctx, "sqs:SendMessage", err))
	}
	return nil
}

// ascii writes a JSON text with escapes for all characters beyond ASCII: SQS refuses some of them.
func ascii(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/64)
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r < utf8.RuneSelf:
			out = append(out, text[0])
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}

// Sync returns when all letters that were appended before are stored.
func (q *Queue) Sync() error { return q.outbox.Wait() }

// Close waits for the letters on their way.
func (q *Queue) Close() error {
	err := q.outbox.Close()
	if q.o.Large != nil {
		err = errors.Join(err, q.o.Large.Close())
	}
	return err
}

func (q *Queue) explain(ctx context.Context, action string, err error) error {
	return awsclient.Call{Action: action, Resource: q.o.Queue}.Explain(ctx, err)
}
