package deploy

import (
	"fmt"
	"net/url"
	"strings"
)

// Limits of names and texts, from the services' API references.
var limits = map[Kind]struct {
	property string
	most     int
}{
	Secret: {"Name", 512}, Policy: {"ManagedPolicyName", 128}, Role: {"RoleName", 64}, RolePolicy: {"PolicyName", 128},
	Function: {"FunctionName", 64}, LogGroup: {"LogGroupName", 512}, Connection: {"Name", 64}, Destination: {"Name", 64},
	Pipe: {"Name", 64}, Table: {"TableName", 255}, StateMachine: {"StateMachineName", 80}, Rule: {"Name", 64}, Alarm: {"AlarmName", 255},
}

const (
	maxFilters  = 5    // of a pipe
	maxPattern  = 4096 // characters of one of them
	maxBoundary = 6144 // characters of a managed policy
	maxInline   = 10240
	maxTags     = 50
)

// destination looks whether the config's destination is one that the deployment can make.
func (b *builder) destination() error {
	h := b.c.Destination.HTTP
	if h == nil {
		return b.c.Errorf("destination", "a deployment sends records to a URL; write destination.http")
	}
	if h.Key.IsZero() {
		return b.c.Errorf("destination.http", "the receiver wants its key; add header and key, such as key: aws-secretsmanager:cloud-collector-v3/ctr/%s/apiToken", b.c.Integration.Group)
	}
	name, managed := strings.CutPrefix(h.Key.String(), "aws-secretsmanager:")
	switch {
	case !managed:
		return b.c.Errorf("destination.http.key", "a deployment keeps the key in Secrets Manager; write aws-secretsmanager:NAME")
	case strings.HasPrefix(name, "arn:"):
		return b.c.Errorf("destination.http.key", "a deployment makes the secret; write its name, aws-secretsmanager:NAME, in place of an ARN")
	case strings.Contains(name, "#"):
		return b.c.Errorf("destination.http.key", "a deployment makes the secret, with the key as its whole value; take the # and what follows it off")
	}
	p, _ := b.i.Parameter("secret")
	if strings.ReplaceAll(p.Default, "${group}", b.c.Integration.Group) != name {
		b.secret = name
	}
	if b.c.State.DynamoDB != nil {
		return nil
	}
	u, err := url.Parse(h.URL)
	if err != nil || u.Scheme != "https" {
		return b.c.Errorf("destination.http.url", "an API destination takes https alone; for http, run workers of your own (state.dynamodb)")
	}
	if h.CAFile != "" {
		return b.c.Errorf("destination.http.ca_file", "an API destination trusts public certificates alone; remove it, or run workers of your own (state.dynamodb)")
	}
	if h.Batch > 1 {
		return b.c.Errorf("destination.http.batch", "an API destination takes one record a request; remove it, or run workers of your own (state.dynamodb)")
	}
	return b.filter()
}

func (b *builder) filter() error {
	if n := len(b.c.Filter); n > maxFilters {
		return b.c.Errorf(fmt.Sprintf("filter[%d]", maxFilters), "a pipe takes %d patterns at most, and here are %d; put several into one with $or", maxFilters, n)
	}
	for n, f := range b.c.Filter {
		if size := len([]rune(compact(f.JSON))); size > maxPattern {
			return b.c.Errorf(fmt.Sprintf("filter[%d]", n), "has %d characters, and a pipe takes patterns of %d at most", size, maxPattern)
		}
	}
	return nil
}

// check looks whether AWS takes what was described, with what the config sets: the lengths of names and policies, and the tags.
func (b *builder) check() error {
	set := b.d.Setting()
	for _, r := range b.d.Resources {
		limit := limits[r.Kind]
		for _, m := range r.Properties {
			text, is := b.d.Resolve(m.Value, set, b.d.Place).(string)
			if m.Name == limit.property && is && len(text) > limit.most {
				return b.c.Errorf(b.nameKey(r), "%s would have a name of %d characters, %s, and it can have %d", r.ID, len(text), text, limit.most)
			}
		}
		if err := b.checkPolicy(r, set); err != nil {
			return err
		}
		if len(r.Tags) > maxTags {
			return b.c.Errorf("deploy.tags", "with those of the integration %s would have %d tags, and it can have %d", r.ID, len(r.Tags), maxTags)
		}
	}
	return nil
}

// nameKey is the key of the config that makes a name too long.
func (b *builder) nameKey(r *Resource) string {
	switch {
	case r.Kind == Secret && b.secret != "":
		return "destination.http.key"
	case r.Kind == Table:
		return "state.dynamodb.table"
	}
	return "integration.group"
}

func (b *builder) checkPolicy(r *Resource, set Setting) error {
	most := map[Kind]int{Policy: maxBoundary, RolePolicy: maxInline}[r.Kind]
	for _, m := range r.Properties {
		if doc, is := m.Value.(Document); is && most > 0 {
			if size := minified(b.d.Resolve(doc, set, b.d.Place)); size > most {
				return b.c.Errorf("", "the policy of %s would have %d characters, and it can have %d: take secrets or dead letters out of the config, or name a permissions_boundary", r.ID, size, most)
			}
		}
	}
	return nil
}
