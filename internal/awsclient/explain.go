package awsclient

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var errNoRegion = errors.New("no AWS region is known; set aws.region in trunkline.yaml, or AWS_REGION")

// Call is what a permission is needed for: the action and the resource as a policy writes them.
type Call struct{ Action, Resource string }

func (c Call) String() string { return c.Action + " on " + c.Resource }

// Error is a call that a service refused or that did not reach it. It shows what the service said, never what was sent.
type Error struct {
	Call Call
	// Code is the service's word for it, such as AccessDeniedException; "" when no service answered.
	Code string
	// Denied says that the caller lacks a permission.
	Denied bool
	// Missing says that there is no such thing as the call names.
	Missing bool
	hint    string
	err     error
}

var errNoCredentials = errors.New("no AWS credentials were found; set aws.profile, or AWS_PROFILE, or give this machine a role")

// maxMessage is how much of a service's message is shown, in characters.
const maxMessage = 400

func (e *Error) Error() string {
	text := e.Call.String() + ": "
	if api, ok := errors.AsType[smithy.APIError](e.err); ok {
		text += e.Code
		if message := clean(api.ErrorMessage()); message != "" {
			text += ": " + message
		}
	} else {
		text += clean(e.err.Error())
	}
	return text + e.hint
}

func (e *Error) Unwrap() error { return e.err }

// Explain makes an *Error of what a call of the SDK returned, with what to do about it where that is known. An error that the
// context's end caused stays as it is.
func (c Call) Explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	e := &Error{Call: c, err: err}
	api, answered := errors.AsType[smithy.APIError](err)
	if answered {
		e.Code = api.ErrorCode()
	}
	response, responded := errors.AsType[*smithyhttp.ResponseError](err)
	status := 0
	if responded && response.Response != nil {
		status = response.HTTPStatusCode()
	}
	switch {
	case noCredentials(err):
		e.err, e.Code = errNoCredentials, ""
	case answered && slices.Contains(deniedCodes, e.Code), answered && status == http.StatusForbidden && !slices.Contains(credentialCodes, e.Code):
		e.Denied = true
		e.hint = "; allow " + c.String()
	case slices.Contains(credentialCodes, e.Code):
		e.hint = "; the AWS credentials are not valid: renew them"
	case answered && (status == http.StatusNotFound || slices.Contains(missingCodes, e.Code)):
		e.Missing = true
	case status == http.StatusMovedPermanently:
		e.hint = "; it is in another region"
		if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
			e.hint += ", " + clean(region)
		}
		e.hint += ": set aws.region to it"
	}
	return e
}

// Denied makes an *Error of what a call returned that the caller knows to be a missing permission.
func (c Call) Denied(err error) error {
	e := &Error{Call: c, Denied: true, hint: "; allow " + c.String(), err: err}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		e.Code = api.ErrorCode()
	}
	return e
}

var (
	deniedCodes = []string{
		"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "UnauthorizedAccess", "KMS.AccessDeniedException",
		"KmsAccessDenied",
	}
	credentialCodes = []string{
		"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
		"SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired", "InvalidToken",
	}
	missingCodes = []string{
		"ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "NotFound", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
	}
)

// noCredentials tells whether the last place that the SDK looks for credentials, the machine's own service, was asked in vain.
func noCredentials(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if operation, ok := err.(*smithy.OperationError); ok && operation.Service() == "ec2imds" {
			return true
		}
	}
	return false
}

// clean is what others wrote, as one short line.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.TrimSpace(text))
	if runes := []rune(text); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return text
}
