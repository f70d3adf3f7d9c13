// Package s3 reads an agent file that is an object of Amazon S3.
//
//	s3://bucket/key ─ Get(tag) ─▶ GetObject, If-None-Match: tag ─▶ the object, or 304: as it was
//
// A look at an object that has not changed costs one request and no bytes. It needs s3:GetObject on the object, and kms:Decrypt where
// it is encrypted with a key of its own.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trunkline/internal/awsclient"
)

// Patience is how long one call of [Object.Get] may take, with its retries and the bytes.
const Patience = 2 * time.Minute

// Object implements enrich.Remote. It is safe for concurrent use.
type Object struct {
	client      *awsclient.Client[*s3.Client]
	bucket, key string
}

// New names an object. Nothing is called before the first Get.
func New(config *awsclient.Config, bucket, key string) *Object {
	return &Object{bucket: bucket, key: key, client: awsclient.For(config, "s3", "", func(cfg aws.Config, endpoint *string) *s3.Client {
		return s3.NewFromConfig(cfg, func(o *s3.Options) {
			if endpoint != nil { // what stands in for S3 rarely has a name for each bucket
				o.BaseEndpoint, o.UsePathStyle = endpoint, true
			}
		})
	})}
}

// Get implements enrich.Remote.
func (o *Object) Get(ctx context.Context, tag string, limit int64) (content []byte, version string, err error) {
	limited, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	client, err := o.client.Get(limited)
	if err != nil {
		return nil, "", err
	}
	in := &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key}
	if tag != "" {
		in.IfNoneMatch = &tag
	}
	out, err := client.GetObject(limited, in)
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() == http.StatusNotModified {
		return nil, tag, nil
	}
	if err != nil {
		return nil, "", o.explain(ctx, err)
	}
	defer out.Body.Close()
	if content, err = io.ReadAll(io.LimitReader(out.Body, limit+1)); err != nil {
		return nil, "", o.explain(ctx, err)
	}
	return content, aws.ToString(out.ETag), nil
}

func (o *Object) explain(ctx context.Context, err error) error {
	explained := awsclient.Call{Action: "s3:GetObject", Resource: "arn:aws:s3:::" + o.bucket + "/" + o.key}.Explain(ctx, err)
	if e, ok := errors.AsType[*awsclient.Error](explained); ok && e.Denied {
		return fmt.Errorf("%w; without s3:ListBucket on the bucket, an object that is not there is denied too", explained)
	}
	return explained
}
