package cli

import (
	"context"
	"errors"
	"fmt"

	"filippo.io/age"

	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/deadletter/s3"
	"trunkline/internal/collector/deadletter/sqs"
	"trunkline/internal/config"
	"trunkline/internal/state"
)

// letterStore keeps dead letters: a folder, a bucket, or a folder behind a queue. Its methods are described at [deadletter.Folder].
type letterStore interface {
	// Append returns an entry without a Segment where the letter is not for the index.
	Append(l deadletter.Letter, record []byte) (deadletter.Entry, error)
	Sync() error
	Committed(entries ...deadletter.Entry)
	Prune(used map[string]int) (deleted int, err error)
	Read(e deadletter.Entry) (deadletter.Letter, error)
	Close() error
}

// openLetters opens where the config keeps dead letters.
func (r *run) openLetters(ctx context.Context) (letterStore, error) {
	d := r.config.DeadLetter
	var recipients []age.Recipient
	if d.Recipient != "" {
		var err error
		if recipients, err = deadletter.ParseRecipients(d.Recipient); err != nil {
			return nil, r.config.Errorf("dead_letter.recipient", "%w", err)
		}
	}
	var bucket *s3.Bucket
	if name, prefix, ok := config.SplitS3(d.S3); ok {
		var err error
		bucket, err = s3.New(r.aws.Clients, s3.Options{Bucket: name, Prefix: prefix, Owner: r.store.ID(), Recipients: recipients})
		if err != nil || d.SQS == "" {
			return bucket, err
		}
	}
	folder, err := deadletter.OpenFolder(d.Folder, deadletter.FolderOptions{Recipients: recipients, Owner: r.store.ID()})
	if err != nil || d.SQS == "" {
		return folder, err
	}
	o := sqs.Options{Queue: d.SQS, Recipients: recipients}
	if bucket != nil {
		o.Large = bucket
	}
	queue, err := sqs.Open(ctx, r.aws.Clients, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("dead_letter.sqs: %w", err), folder.Close())
	}
	return &queued{Folder: folder, queue: queue}, nil
}

// queued are dead letters that are handed to a queue as they arise. The folder has those that replay has taken out of it.
type queued struct {
	*deadletter.Folder
	queue *sqs.Queue
}

// Append hands a letter to the queue.
func (q *queued) Append(l deadletter.Letter, record []byte) (deadletter.Entry, error) {
	return deadletter.Entry{}, q.queue.Append(l, record)
}

// Sync returns when the queue has all letters.
func (q *queued) Sync() error { return errors.Join(q.queue.Sync(), q.Folder.Sync()) }

// Close closes both.
func (q *queued) Close() error { return errors.Join(q.queue.Close(), q.Folder.Close()) }

// takeQueued makes the letters of a queue this state file's own: they stand in the folder and in the index, and leave the queue then.
// From there on letters stay in the folder: a replay in vain does not hand them out again. Without a queue it does nothing.
func (r *run) takeQueued(ctx context.Context) error {
	q, ok := r.journal.letters.(*queued)
	if !ok {
		return nil
	}
	r.journal.letters = q.Folder
	receiver := q.queue.Receiver()
	for {
		messages, err := receiver.Next(ctx)
		if err != nil {
			return err
		}
		if len(messages) == 0 {
			return r.tellHeld(ctx, receiver)
		}
		var settlement state.Settlement
		for _, m := range messages {
			if m.Problem != nil {
				fmt.Fprintf(r.app.stderr, "message %s stays in the queue: %v\n", m.ID(), m.Problem)
				continue
			}
			entry, err := q.Folder.Append(m.Letter, nil)
			if err != nil {
				return err
			}
			settlement.DeadLetters = append(settlement.DeadLetters, entry)
		}
		if err := r.journal.commit(settlement, func() error { return nil }); err != nil {
			return err
		}
		for _, m := range messages {
			if m.Problem != nil {
				continue
			}
			if err := q.queue.Delete(ctx, m); err != nil {
				return err
			}
		}
	}
}

// tellHeld says where letters were left in the queue.
func (r *run) tellHeld(ctx context.Context, receiver *sqs.Receiver) error {
	held, err := receiver.Held(ctx)
	if err == nil && held > 0 {
		fmt.Fprintf(r.app.stderr, "%d messages of the queue are held by another receiver, or were lost on their way here; they come back when their time is over,"+
			" after a minute where it was trunkline: replay again then\n", held)
	}
	return err
}
