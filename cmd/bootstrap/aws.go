//go:build aws

package main

import (
	"context"
	"errors"

	"trunkline/internal/awsclient"
	"trunkline/internal/cloud"
	"trunkline/internal/collector/deadletter"
	"trunkline/internal/collector/deadletter/s3"
	"trunkline/internal/collector/deadletter/sqs"
	"trunkline/internal/config"
	"trunkline/internal/lambda"
	"trunkline/internal/pipeline"
)

// linked says that the SDK is there, for what the extension cannot do: secrets where it is not there, and S3.
const linked = true

func newServices(c config.AWS) pipeline.Services {
	s := cloud.New(c)
	return pipeline.Services{Secrets: s.Secrets, Objects: s.Objects}
}

// owner names the Lambda's letters in a bucket, which no state file has an index of.
const owner = "lambda"

// openLetters opens the queue, with the bucket for what a message cannot hold, or the bucket alone.
func openLetters(ctx context.Context, c *config.Config) (lambda.LetterStore, error) {
	d, clients := c.DeadLetter, cloud.New(c.AWS).Clients
	recipients, err := deadletter.ParseRecipients(d.Recipient)
	if err != nil {
		return nil, c.Errorf("dead_letter.recipient", "%w", err)
	}
	o := sqs.Options{Queue: d.SQS, Recipients: recipients}
	if name, prefix, ok := config.SplitS3(d.S3); ok {
		bucket, err := s3.New(clients, s3.Options{Bucket: name, Prefix: prefix, Owner: owner, Recipients: recipients})
		if err != nil || d.SQS == "" {
			return letterBucket{bucket}, err
		}
		o.Large = bucket
	}
	queue, err := sqs.Open(ctx, clients, o)
	if err != nil {
		return nil, c.Errorf("dead_letter.sqs", "%w", err)
	}
	return queue, nil
}

// letterBucket is a bucket without an index.
type letterBucket struct{ bucket *s3.Bucket }

func (b letterBucket) Append(l deadletter.Letter, record []byte) error {
	entry, err := b.bucket.Append(l, record)
	if err == nil {
		b.bucket.Committed(entry)
	}
	return err
}

func (b letterBucket) Sync() error { return b.bucket.Sync() }

// serviceCode is the service's word for an error, "" where it said none.
func serviceCode(err error) string {
	if bad, ok := errors.AsType[*awsclient.Error](err); ok {
		return bad.Code
	}
	return ""
}
