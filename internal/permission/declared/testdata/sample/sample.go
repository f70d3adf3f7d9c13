// Package sample calls AWS in every way that there is, and declares some of it.
package sample

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"trunkline/internal/permission/call"
)

type getter interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

type embedding struct{ *sqs.Client }

// own is a function of this module: what it calls counts, not that it is called.
func own(ctx context.Context, in *s3.HeadBucketInput) error { return nil }

func all(ctx context.Context, client *s3.Client, table *dynamodb.Client, queue embedding, role *sts.Client, g getter) {
	_, _ = client.HeadObject(ctx, nil)
	_, _ = g.GetObject(ctx, nil)
	_, _ = queue.SendMessage(ctx, nil)
	remove := client.DeleteObject
	_, _ = remove(ctx, nil)
	_ = s3.NewListObjectsV2Paginator(client, nil)
	_ = dynamodb.NewTableExistsWaiter(table).Wait(ctx, nil, time.Second)
	_, _ = s3.NewPresignClient(client).PresignUploadPart(ctx, nil)
	_ = stscreds.NewAssumeRoleProvider(role, "arn")
	_ = own(ctx, nil)
	_, _ = (*sqs.Client).DeleteMessage(queue.Client, ctx, nil)
	_, _ = client.CopyObject(ctx, nil)
}

func calls() []call.Call {
	const declared = "s3:" + "CopyObject"
	return []call.Call{{Operation: declared}, {Operation: "s3:AbortMultipartUpload"}}
}
