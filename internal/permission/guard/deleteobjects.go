package guard

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
)

// deleteObjects does what S3 does with a list of objects to delete: it decides on each of them, deletes those that it may, and names
// the others in an answer that is no error. Of other inputs it is not handled.
func (g *Guard) deleteObjects(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, metadata middleware.Metadata, handled bool, err error) {
	input, ok := in.Parameters.(*s3.DeleteObjectsInput)
	if !ok || input.Delete == nil || len(input.Delete.Objects) == 0 {
		return out, metadata, false, nil
	}
	subject := &subject{call: g.calls[operationOf(ctx)], region: awsmiddleware.GetRegion(ctx), secure: true}
	allowed := make([]types.ObjectIdentifier, 0, len(input.Delete.Objects))
	var refused []types.Error
	for _, object := range input.Delete.Objects {
		subject.input = &s3.DeleteObjectsInput{Bucket: input.Bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{object}}}
		d, err := g.judge(subject)
		switch {
		case err != nil:
			return out, metadata, true, err
		case d == nil:
			allowed = append(allowed, object)
		default:
			refused = append(refused, types.Error{Key: object.Key, VersionId: object.VersionId, Code: aws.String("AccessDenied"), Message: aws.String(d.text())})
		}
	}
	if len(allowed) == 0 {
		out.Result = &s3.DeleteObjectsOutput{Errors: refused}
		return out, metadata, true, nil
	}
	rest, what := *input, *input.Delete
	what.Objects, rest.Delete = allowed, &what
	in.Parameters = &rest
	out, metadata, err = next.HandleInitialize(ctx, in) // without an input for decide: it has been judged
	if result, ok := out.Result.(*s3.DeleteObjectsOutput); ok && result != nil {
		result.Errors = append(result.Errors, refused...)
	}
	return out, metadata, true, err
}
