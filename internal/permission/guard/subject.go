package guard

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trunkline/iam/sim"
	"trunkline/internal/permission/call"
)

// A subject is a request as far as policies are concerned.
type subject struct {
	call    call.Call
	input   any
	region  string
	agent   string // aws:UserAgent
	secure  bool   // aws:SecureTransport
	account string // for what the input names without one
	home    string // partition of the caller
}

func newSubject(ctx context.Context, c call.Call, input any, request *smithyhttp.Request) *subject {
	s := &subject{call: c, input: input, region: awsmiddleware.GetRegion(ctx), agent: request.Header.Get("User-Agent")}
	// What stands in for AWS on this machine has no TLS, and AWS would have.
	ip := net.ParseIP(request.URL.Hostname())
	s.secure = request.URL.Scheme == "https" || request.URL.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return s
}

// partition is that of the region: its name begins as the partition's.
func (s *subject) partition() string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(s.region, p.prefix) {
			return p.partition
		}
	}
	return s.home
}

// A question is one action on one resource.
type question struct {
	action, resource string
	keys             []call.Key
}

// questions are what AWS would ask policies for. The error is of an input that names no resource.
func (s *subject) questions() (all []question, err error) {
	for _, ask := range s.call.Asks {
		for _, template := range ask.Resources {
			resources := call.Template(template).Expand(s.value)
			for _, resource := range resources {
				all = append(all, question{ask.Action, resource, ask.Keys})
			}
			if len(resources) > 0 {
				break
			}
		}
	}
	if len(all) == 0 {
		return nil, &Error{s.call.Operation, "the request names no resource that the declared call knows of; add to Resources of the call what it names"}
	}
	return all, nil
}

// value is what a name in a template stands for.
func (s *subject) value(name string) []string {
	switch name {
	case "Partition":
		return []string{s.partition()}
	case "Region":
		return []string{s.region}
	case "Account":
		return []string{s.account}
	}
	return read(reflect.ValueOf(s.input), strings.Split(name, "."))
}

// fill says what the context of a question is beside what the caller of the guard says.
func (s *subject) fill(c *sim.Context, q question) {
	c.Partial = true // of keys that nobody names, such as tags of the resource, nothing is known
	c.Set("aws:SecureTransport", strconv.FormatBool(s.secure))
	c.Set("aws:RequestedRegion", s.region)
	c.Set("aws:UserAgent", s.agent)
	c.Set("aws:ViaAWSService", "false")
	for _, key := range []string{"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:SourceArn", "aws:SourceAccount"} {
		c.SetAbsent(key)
	}
	if strings.HasPrefix(q.action, "s3:") { // how the SDK signs
		c.Set("s3:authType", "REST-HEADER")
		c.Set("s3:signatureversion", "AWS4-HMAC-SHA256")
		c.Set("s3:ResourceAccount", s.account)
	}
	for _, key := range q.keys {
		var values []string
		for _, template := range key.From {
			values = append(values, call.Template(template).Expand(s.value)...)
		}
		slices.Sort(values)
		if values = slices.Compact(values); len(values) > 0 {
			c.Set(key.Name, values...)
		} else {
			c.SetAbsent(key.Name)
		}
	}
}

// read returns the values at a path of an input: see call.Template. What is not set has none.
func read(v reflect.Value, path []string) (values []string) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil // data
		}
		for i := range v.Len() {
			values = append(values, read(v.Index(i), path)...)
		}
		return values
	case reflect.Map:
		return readMap(v, path)
	case reflect.Struct:
		if when, ok := v.Interface().(time.Time); ok {
			return []string{when.UTC().Format(time.RFC3339)}
		}
		name, rest := "Value", path // of a member of a union
		if len(path) > 0 {
			name, rest = path[0], path[1:]
			if !v.FieldByName(name).IsValid() {
				name, rest = "Value", path
			}
		}
		field := v.FieldByName(name)
		if !field.IsValid() {
			return nil
		}
		return read(field, rest)
	}
	if len(path) > 0 || v.IsZero() && v.Kind() == reflect.String {
		return nil
	}
	return []string{fmt.Sprint(v.Interface())}
}

// readMap reads an entry of a map, with # its keys, and without a path all its values.
func readMap(v reflect.Value, path []string) (values []string) {
	if len(path) > 0 && path[0] != "#" {
		return read(v.MapIndex(reflect.ValueOf(path[0]).Convert(v.Type().Key())), path[1:])
	}
	for entries := v.MapRange(); entries.Next(); {
		if len(path) > 0 {
			values = append(values, entries.Key().String())
		} else {
			values = append(values, read(entries.Value(), nil)...)
		}
	}
	return values
}
