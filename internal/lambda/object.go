package lambda

import (
	"context"
	"fmt"

	"trunkline/internal/collector/enrich"
)

// Object is an Origin in an object store. It asks with the version of what it has.
type Object struct {
	Remote enrich.Remote
	Name   string // s3://BUCKET/KEY
}

func (o *Object) String() string { return o.Name }

// Fetch implements Origin.
func (o *Object) Fetch(ctx context.Context, inForce string) (text []byte, version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	text, version, err = o.Remote.Get(ctx, inForce, maxConfig)
	if err == nil && len(text) > maxConfig {
		err = fmt.Errorf("more than %d bytes", maxConfig)
	}
	return text, version, err
}
