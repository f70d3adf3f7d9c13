// Package dynamo is the lease.Store that machines share: a DynamoDB table as the Java Kinesis Client Library 1.x, 2.x and 3.x
// make and read it. A table that Java workers began can be continued, shared with them while both run, and handed back.
//
//	lease.Store's write ─▶ UpdateItem of named attributes, on the condition that Java sets for the same write ─▶ the row as it is now
//
// Its promises:
//
//   - A row is a lease only if its attribute entityType is absent or LEASE. Other rows are not shown and not changed.
//   - Attributes that this package does not know survive every write: PutItem is used only to create a lease.
//   - Every lease that it writes has what the oldest Java reader insists on, and rows of other kinds go only where every reader
//     is known to expect them.
//   - The rows by which a fleet migrates are read, and never made. One change of one of them is made as Java's leader makes it: Upgrade.
//   - A row that says it is a lease and cannot be read as one is passed over, and logged once.
package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/internal/lease"
	"trunkline/internal/lease/cpu"
)

// Create says what Open does where there is no table.
type Create int

// The ways to make a table.
const (
	Never       Create = iota // an error that says how the table has to look
	OnDemand                  // pay for each request, as KCL 2.x and 3.x
	Provisioned               // 10 read and 10 write units, as KCL 1.x
)

const (
	units       = 10
	waitLimit   = 10 * time.Minute // for a new table, as KCL
	firstWait   = 50 * time.Millisecond
	longestWait = 5 * time.Second
)

// ErrNotLeases says that a table has another key than lease tables have.
var ErrNotLeases = errors.New("it is not a lease table")

// ErrNoTable says that there is no table of that name, and that Open was not to make it.
var ErrNoTable = errors.New("there is none")

// Options of Open.
type Options struct {
	Table  string // 3 to 255 of a-z A-Z 0-9 _ . -
	Create Create
	// Application names the tables that fleets of KCL 3.0 to 3.4 have beside the lease table; "" is Table, as in Java.
	Application string
	// Random makes the versions of the leader's lock; nil is crypto/rand.Reader.
	Random io.Reader
	// Root is the machine's root folder, where the use of the processors is read; nil is that of this machine.
	Root fs.FS
	// Log gets what is wrong with rows; nil logs nothing.
	Log *slog.Logger
}

// Table is an open lease table. Its methods are safe for concurrent use. How long a request may take and how often it is tried is
// the client's setting.
type Table struct {
	client      *dynamodb.Client
	name, arn   string
	application string
	random      io.Reader
	log         *slog.Logger

	mu      sync.Mutex
	said    map[string]bool // what was complained about
	layout  layout          // as Regime last saw it
	cpu     *cpu.Meter
	load    []float64      // in percent, newest last
	reports []lease.Report // in the lease table, when it was scanned
	scanned time.Time
	listed  bool // it was read once
	kinds   bool // its rows say their kind
}

var _ interface {
	lease.Store
	lease.Coordinator
} = (*Table)(nil)

// scanFresh is for how long reports that a scan found are good.
const scanFresh = 5 * time.Second

var tableName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

// Open finds the table, or makes it, and returns when it can be used: a new one after seconds, at most ten minutes. The error wraps
// ErrNotLeases when there is a table of that name with another key.
func Open(ctx context.Context, client *dynamodb.Client, o Options) (*Table, error) {
	if !tableName.MatchString(o.Table) {
		return nil, fmt.Errorf("lease table %q: a name has 3 to 255 of a-z A-Z 0-9 _ . -", o.Table)
	}
	t := &Table{client: client, name: o.Table, application: o.Application, random: o.Random, log: o.Log, said: map[string]bool{}}
	if t.application == "" {
		t.application = o.Table
	}
	if t.random == nil {
		t.random = rand.Reader
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	if o.Root == nil {
		o.Root = os.DirFS("/")
	}
	t.cpu = cpu.New(o.Root, time.Now())
	deadline := time.Now().Add(waitLimit)
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		status, err := t.describe(ctx)
		if missing(err) {
			if err := t.create(ctx, o.Create); err != nil {
				return nil, fmt.Errorf("make lease table %s: %w", t.name, err)
			}
			status, err = types.TableStatusCreating, nil
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("lease table %s: %w", t.name, err)
		case status == types.TableStatusActive || status == types.TableStatusUpdating:
			return t, nil
		case status != types.TableStatusCreating:
			return nil, fmt.Errorf("lease table %s is %s: wait until it is ACTIVE, or name another one", t.name, status)
		case time.Now().After(deadline):
			return nil, fmt.Errorf("lease table %s is still %s after %v", t.name, status, waitLimit)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for lease table %s: %w", t.name, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// describe returns the table's status, and an error for a key that no lease table has.
func (t *Table) describe(ctx context.Context) (types.TableStatus, error) {
	out, err := t.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &t.name})
	if err != nil {
		return "", t.fault("DescribeTable", t.name, "", err)
	}
	t.arn = aws.ToString(out.Table.TableArn)
	var key []string
	for _, k := range out.Table.KeySchema {
		kind := types.ScalarAttributeType("?")
		for _, a := range out.Table.AttributeDefinitions {
			if aws.ToString(a.AttributeName) == aws.ToString(k.AttributeName) {
				kind = a.AttributeType
			}
		}
		key = append(key, fmt.Sprintf("%s %s %s", k.KeyType, aws.ToString(k.AttributeName), kind))
	}
	got, want := strings.Join(key, ", "), "HASH "+keyAttribute+" S"
	if got != want {
		return "", fmt.Errorf("%w: its key is %s, that of a lease table is %s; name another table", ErrNotLeases, got, want)
	}
	return out.Table.TableStatus, nil
}

// create makes the table. That somebody else makes it at the same time is no error.
func (t *Table) create(ctx context.Context, how Create) error {
	input := &dynamodb.CreateTableInput{
		TableName:            &t.name,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(keyAttribute), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(keyAttribute), KeyType: types.KeyTypeHash}},
	}
	switch how {
	case OnDemand:
		input.BillingMode = types.BillingModePayPerRequest
	case Provisioned:
		input.BillingMode = types.BillingModeProvisioned
		input.ProvisionedThroughput = &types.ProvisionedThroughput{
			ReadCapacityUnits: aws.Int64(units), WriteCapacityUnits: aws.Int64(units),
		}
	default:
		return fmt.Errorf("%w, and it is not to be made here: make one with the partition key %s (String) and no sort key",
			ErrNoTable, keyAttribute)
	}
	_, err := t.client.CreateTable(ctx, input)
	if _, exists := errors.AsType[*types.ResourceInUseException](err); exists {
		return nil
	}
	return t.fault("CreateTable", t.name, "", err)
}

// complain logs what is wrong with a row, once for each key.
func (t *Table) complain(key string, err error) {
	t.once(key, "row of the lease table is no lease", "table", t.name, "key", key, "error", err)
}

// once logs something once for each key.
func (t *Table) once(key, what string, attributes ...any) {
	t.mu.Lock()
	known := t.said[what+key]
	t.said[what+key] = true
	t.mu.Unlock()
	if !known {
		t.log.Warn(what, attributes...)
	}
}
