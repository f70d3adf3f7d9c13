// Package decode asks STS what encoded authorization messages say.
//
//	encoded ─ Decoder.Decode ─▶ sts:DecodeAuthorizationMessage ─▶ JSON
//
// Its promises: one call for each message, which ends after [Patience]; an error names the permission that is missing.
package decode

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"trunkline/internal/awsclient"
)

// Patience is how long one call may take, with its retries.
const Patience = 30 * time.Second

// Decoder implements diagnose.Decoder. It is safe for concurrent use.
type Decoder struct {
	client *awsclient.Client[*sts.Client]
}

// New makes a Decoder. Nothing is called before the first message is decoded. region is where STS is called, "" for the
// configuration's.
func New(config *awsclient.Config, region string) *Decoder {
	return &Decoder{awsclient.For(config, "sts", region, func(cfg aws.Config, endpoint *string) *sts.Client {
		return sts.NewFromConfig(cfg, func(o *sts.Options) {
			if endpoint != nil {
				o.BaseEndpoint = endpoint
			}
		})
	})}
}

// Decode returns what an encoded message says, as JSON.
func (d *Decoder) Decode(ctx context.Context, encoded string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	client, err := d.client.Get(limited)
	if err != nil {
		return "", err
	}
	out, err := client.DecodeAuthorizationMessage(limited, &sts.DecodeAuthorizationMessageInput{EncodedMessage: &encoded})
	if err != nil {
		return "", awsclient.Call{Action: "sts:DecodeAuthorizationMessage", Resource: "*"}.Explain(ctx, err)
	}
	return aws.ToString(out.DecodedMessage), nil
}
