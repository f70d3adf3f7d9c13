package lambda

import (
	"context"
	"fmt"

	"trunkline/internal/awsclient"
	"trunkline/internal/collector/enrich/s3"
)

// S3 is an Origin that is an object of Amazon S3. It asks with the ETag of what it has.
type S3 struct {
	object *s3.Object
	name   string
}

// NewS3 names the object. Nothing is called before the first Fetch.
func NewS3(clients *awsclient.Config, bucket, key string) *S3 {
	return &S3{s3.New(clients, bucket, key), "s3://" + bucket + "/" + key}
}

func (o *S3) String() string { return o.name }

// Fetch implements Origin.
func (o *S3) Fetch(ctx context.Context, inForce string) (text []byte, version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	text, version, err = o.object.Get(ctx, inForce, maxConfig)
	if err == nil && len(text) > maxConfig {
		err = fmt.Errorf("more than %d bytes", maxConfig)
	}
	return text, version, err
}
