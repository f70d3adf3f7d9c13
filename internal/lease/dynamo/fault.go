package dynamo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"trunkline/internal/lease"
)

// fault says what was being done, and where AWS denied it, which permission on which resource it takes.
func (t *Table) fault(action, table, index string, err error) error {
	if err == nil {
		return nil
	}
	where := table
	if index != "" {
		where += ", index " + index
	}
	if denied(err) {
		return fmt.Errorf("%s of table %s: %w: allow dynamodb:%s on %s: %w", action, where, lease.ErrSetup, action, t.arnOf(table, index), err)
	}
	return fmt.Errorf("%s of table %s: %w", action, where, err)
}

func denied(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "AccessDeniedException"
}

// arnOf names a table, or an index of it, that stands beside the lease table.
func (t *Table) arnOf(table, index string) string {
	arn := strings.TrimSuffix(t.arn, t.name) + table
	if t.arn == "" {
		arn = "table/" + table
	}
	if index != "" {
		arn += "/index/" + index
	}
	return arn
}

// invalid tells whether the service does not understand a request.
func invalid(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "ValidationException"
}

// missing tells whether there is no such table.
func missing(err error) bool {
	_, is := errors.AsType[*types.ResourceNotFoundException](err)
	return is
}

// refused tells whether a condition did not hold.
func refused(err error) bool {
	_, is := errors.AsType[*types.ConditionalCheckFailedException](err)
	return is
}

// met is the lease that a condition met instead of what it wanted; the zero Lease where the service did not say, or it was none.
func met(err error) lease.Lease {
	if refusal, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok && len(refusal.Item) > 0 {
		if l, err := decode(refusal.Item); err == nil {
			return l
		}
	}
	return lease.Lease{}
}
