// Package awsclient is the one place where the SDK's configuration is made: region, profile, role, endpoints and middleware.
//
//	Options ─ New ─▶ Config ─ Client(config, service, make) ─▶ Client ─ Get(ctx) ─▶ the SDK's client of that service
//	                    └──── read on the first Get: files, environment, no call ────┘
//
// Its promises: New and Client do nothing but remember, so a program that calls no service pays nothing for this package;
// configuration is read once and a client is built once, on first use, whatever the number of goroutines. The packages that call a
// service bring its client, so that a program links only those whose packages it has.
//
// The SDK has no log: by itself it would write to standard error, beside ours, remarks on connections and headers that nobody can act
// on. What a call comes to is in its error.
//
// No HTTP client is set: with one of its own, the SDK refuses to start where AWS_CA_BUNDLE names more certificates to trust.
package awsclient

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
)

// Options say how services are called. The zero value is what the SDK finds by itself: environment, files, the machine's role.
type Options struct {
	Region  string // "": what the SDK finds
	Profile string // of the SDK's configuration files; "": what the SDK finds
	Role    string // ARN of a role to assume with the credentials found; "": none
	Session string // name of the role's session, which the trail of calls shows; "": trunkline
	// Endpoints are base URLs by service, in the lower-case names of the service's IAM actions: s3, sqs, secretsmanager, sts. A
	// service without one has the SDK's.
	Endpoints map[string]string
	// Middleware is put into every call of every client, also into those that find credentials.
	Middleware []Middleware
}

// Middleware puts what sees a call into its stack: see smithy's middleware.Stack.
type Middleware = func(*middleware.Stack) error

// Config is shared by the clients of a program. It is safe for concurrent use.
type Config struct {
	o      Options
	mu     sync.Mutex
	loaded *aws.Config
}

// New remembers o. Nothing is read and nothing is called.
func New(o Options) *Config { return &Config{o: o} }

// load reads the configuration, unless it has been: a failed reading is tried again by the next call.
func (c *Config) load(ctx context.Context) (aws.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded != nil {
		return *c.loaded, nil
	}
	options := []func(*config.LoadOptions) error{
		config.WithAPIOptions(c.o.Middleware), config.WithLogger(logging.Nop{}), config.WithClientLogMode(0),
	}
	if c.o.Region != "" {
		options = append(options, config.WithRegion(c.o.Region))
	}
	if c.o.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.o.Profile))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if c.o.Role != "" {
		session := c.o.Session
		if session == "" {
			session = "trunkline"
		}
		caller := sts.NewFromConfig(loaded, func(o *sts.Options) { set(&o.BaseEndpoint, c.endpoint("sts")) })
		loaded.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(caller, c.o.Role,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = session }))
	}
	c.loaded = &loaded
	return loaded, nil
}

func (c *Config) endpoint(service string) *string {
	if url, found := c.o.Endpoints[service]; found {
		return &url
	}
	return nil
}

func set(into **string, endpoint *string) {
	if endpoint != nil {
		*into = endpoint
	}
}

// Client is a client of one service, built on first use. It is safe for concurrent use.
type Client[C any] struct {
	config  *Config
	service string
	region  string
	build   func(cfg aws.Config, endpoint *string) C

	mu    sync.Mutex
	ready bool
	built C
}

// For makes the Client of a service. region is where it is called, "" for the configuration's. build makes the SDK's client; a
// non-nil endpoint must become its BaseEndpoint, which then goes before every other source of one.
func For[C any](c *Config, service, region string, build func(cfg aws.Config, endpoint *string) C) *Client[C] {
	return &Client[C]{config: c, service: service, region: region, build: build}
}

// Get returns the SDK's client. The error says how to name a region when there is none.
func (c *Client[C]) Get(ctx context.Context) (client C, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready {
		return c.built, nil
	}
	cfg, err := c.config.load(ctx)
	if err != nil {
		return client, err
	}
	if c.region != "" {
		cfg.Region = c.region
	}
	if cfg.Region == "" {
		return client, errNoRegion
	}
	c.built, c.ready = c.build(cfg, c.config.endpoint(c.service)), true
	return c.built, nil
}
