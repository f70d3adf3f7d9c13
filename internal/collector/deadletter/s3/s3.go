// Package s3 keeps dead letters in a bucket of Amazon S3, one object a letter.
//
//	Letter, record ─▶ Append ─▶ PutObject PREFIX/OWNER/ID.json ─▶ Sync ─▶ state transaction with the Entry
//	                                        ▲
//	                Read: GetObject ────────┘        Prune: ListObjectsV2, DeleteObjects
//
// Its promises are those of the dead-letter folder: a record leaves this machine encrypted; Sync returns when every letter that was
// appended is stored, so nothing is settled before; a letter that is written again, after a crash or a replay in vain, takes the
// place of itself; an object is deleted only when no entry of the index needs it, and never one of another owner.
//
// It calls s3:PutObject, s3:GetObject, s3:DeleteObject on the objects, s3:ListBucket on the bucket, and kms:GenerateDataKey and
// kms:Decrypt where the bucket encrypts with a key of its own.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trunkline/internal/awsclient"
	"trunkline/internal/collector/deadletter"
)

const suffix = ".json"

// Options of New.
type Options struct {
	Bucket string
	Prefix string // of all keys, without a slash at its ends; "": none
	// Owner tells the letters of one state file from those of another below the same prefix: state.Store.ID. Letters, digits.
	Owner      string
	Recipients []age.Recipient // that records are encrypted to, at least one
}

// Bucket keeps letters. It is safe for concurrent use.
type Bucket struct {
	o      Options
	client *awsclient.Client[*s3.Client]
	outbox deadletter.Outbox

	mu          sync.Mutex
	uncommitted map[string]int // letters by segment that are not known to be in the index
}

// New names a bucket. Nothing is called.
func New(config *awsclient.Config, o Options) (*Bucket, error) {
	if o.Owner == "" || len(o.Recipients) == 0 {
		return nil, errors.New("dead letters in S3: no owner or no recipient given")
	}
	return &Bucket{o: o, uncommitted: map[string]int{}, client: awsclient.For(config, "s3", "", func(cfg aws.Config, endpoint *string) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.RetryMaxAttempts = 8
			if endpoint != nil {
				o.BaseEndpoint, o.UsePathStyle = endpoint, true
			}
		})
	})}, nil
}

// Append begins to store a letter and its record, as [deadletter.Letter.Seal] makes them. The entry may enter the index after the next
// Sync, and then Committed must be told of it. The error is of this letter, or of an earlier one that could not be stored: the run
// should end.
func (b *Bucket) Append(l deadletter.Letter, record []byte) (deadletter.Entry, error) {
	line, e, err := l.Seal(record, b.o.Recipients)
	if err != nil {
		return deadletter.Entry{}, err
	}
	e.Segment = b.o.Owner + "/" + e.ID.String() + suffix
	if err := b.outbox.Send(func(ctx context.Context) error { return b.put(ctx, e.Segment, line) }); err != nil {
		return deadletter.Entry{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uncommitted[e.Segment]++
	return e, nil
}

func (b *Bucket) put(ctx context.Context, segment string, line []byte) error {
	client, err := b.client.Get(ctx)
	if err != nil {
		return err
	}
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.o.Bucket, Key: aws.String(b.key(segment)), Body: bytes.NewReader(line), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return fmt.Errorf("store a dead letter: %w; nothing is lost: start again when that is mended", b.explain(ctx, "s3:PutObject", segment, err))
	}
	return nil
}

// Sync returns when all letters that were appended before are stored.
func (b *Bucket) Sync() error { return b.outbox.Wait() }

// Committed tells that these entries of Append are in the index, or were given up for good.
func (b *Bucket) Committed(entries ...deadletter.Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range entries {
		if b.uncommitted[e.Segment]--; b.uncommitted[e.Segment] <= 0 {
			delete(b.uncommitted, e.Segment)
		}
	}
}

// Prune deletes the letters of this owner that are of no use: that are not in used, the segments of the index, read after the last call
// of Committed, and not waiting for it.
func (b *Bucket) Prune(used map[string]int) (deleted int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadletter.Patience)
	defer cancel()
	client, err := b.client.Get(ctx)
	if err != nil {
		return 0, err
	}
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &b.o.Bucket, Prefix: aws.String(b.key(b.o.Owner + "/"))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return deleted, awsclient.Call{Action: "s3:ListBucket", Resource: "arn:aws:s3:::" + b.o.Bucket}.Explain(ctx, err)
		}
		var gone []types.ObjectIdentifier
		for _, object := range page.Contents {
			segment, _ := strings.CutPrefix(aws.ToString(object.Key), b.key(""))
			if strings.HasSuffix(segment, suffix) && used[segment] == 0 && !b.waiting(segment) {
				gone = append(gone, types.ObjectIdentifier{Key: object.Key})
			}
		}
		if len(gone) == 0 {
			continue
		}
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.o.Bucket, Delete: &types.Delete{Objects: gone, Quiet: aws.Bool(true)}})
		if err != nil {
			return deleted, b.explain(ctx, "s3:DeleteObject", b.o.Owner+"/*", err)
		}
		if len(out.Errors) > 0 {
			return deleted, fmt.Errorf("%d replayed dead letters stay in s3://%s: s3:DeleteObject on %s: %s; allow it", len(out.Errors), b.o.Bucket, b.arn(b.o.Owner+"/*"), aws.ToString(out.Errors[0].Code))
		}
		deleted += len(gone)
	}
	return deleted, nil
}

func (b *Bucket) waiting(segment string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.uncommitted[segment] > 0
}

// Read returns the letter of an entry. The error is a *deadletter.LetterError.
func (b *Bucket) Read(e deadletter.Entry) (deadletter.Letter, error) {
	l, err := b.read(e)
	if err != nil {
		return deadletter.Letter{}, &deadletter.LetterError{ID: e.ID, Segment: "s3://" + b.o.Bucket + "/" + b.key(e.Segment), Err: err}
	}
	return l, nil
}

func (b *Bucket) read(e deadletter.Entry) (l deadletter.Letter, err error) {
	if !strings.HasSuffix(e.Segment, suffix) {
		return l, errors.New("the index names no object")
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadletter.Patience)
	defer cancel()
	client, err := b.client.Get(ctx)
	if err != nil {
		return l, err
	}
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.o.Bucket, Key: aws.String(b.key(e.Segment))})
	if err != nil {
		return l, b.explain(ctx, "s3:GetObject", e.Segment, err)
	}
	defer out.Body.Close()
	line, err := io.ReadAll(io.LimitReader(out.Body, deadletter.MaxLetter+1))
	switch {
	case err != nil:
		return l, b.explain(ctx, "s3:GetObject", e.Segment, err)
	case len(line) > deadletter.MaxLetter:
		return l, fmt.Errorf("the object is larger than %d bytes", deadletter.MaxLetter)
	}
	return deadletter.Parse(line, e.ID)
}

// Delete takes the letter of an entry out of the bucket.
func (b *Bucket) Delete(ctx context.Context, e deadletter.Entry) error {
	client, err := b.client.Get(ctx)
	if err != nil {
		return err
	}
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.o.Bucket, Key: aws.String(b.key(e.Segment))}); err != nil {
		return b.explain(ctx, "s3:DeleteObject", e.Segment, err)
	}
	return nil
}

// Close waits for the letters on their way.
func (b *Bucket) Close() error { return b.outbox.Close() }

func (b *Bucket) key(segment string) string {
	if b.o.Prefix == "" {
		return segment
	}
	return b.o.Prefix + "/" + segment
}

func (b *Bucket) arn(segment string) string {
	return "arn:aws:s3:::" + b.o.Bucket + "/" + b.key(segment)
}

func (b *Bucket) explain(ctx context.Context, action, segment string, err error) error {
	return awsclient.Call{Action: action, Resource: b.arn(segment)}.Explain(ctx, err)
}
