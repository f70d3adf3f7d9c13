package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/cloud"
	"trunkline/internal/config"
	"trunkline/internal/lease"
	"trunkline/internal/lease/dynamo"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/source/kinesis/shards"
	"trunkline/internal/state"
)

// leasePlace is where the leases of a config are, as operators reach them.
type leasePlace struct {
	name   string // for people
	list   func(context.Context) ([]lease.Lease, error)
	store  lease.Store   // nil where a running collector has it
	table  *dynamo.Table // the store, where it is one
	config *config.Config
	aws    *cloud.Services
	close  func() error
}

// loadStream loads a config that reads a stream.
func (a *app) loadStream() (*config.Config, error) {
	c, err := config.Load(a.configPath)
	if err != nil {
		return nil, wrongCall(err)
	}
	if c.Source.Kinesis == nil {
		return nil, wrongCall(fmt.Errorf("%s: only a stream (source.kinesis) has leases, and this config reads files", a.configPath))
	}
	return c, nil
}

// openPlace opens the leases that are there: none are made. In a state file they can be changed, and with change alone, only while no
// collector runs on it.
func (a *app) openPlace(ctx context.Context, c *config.Config, change bool) (*leasePlace, error) {
	p := &leasePlace{config: c, aws: cloud.New(c.AWS), close: func() error { return nil }}
	if d := c.State.DynamoDB; d != nil {
		var err error
		p.name = "lease table " + d.Table
		p.table, err = openTable(ctx, c, p.aws, dynamo.Never, newLogger(a.stderr, c.Observe))
		if errors.Is(err, dynamo.ErrNoTable) {
			return nil, fmt.Errorf("no lease table %s: nothing has been collected with this config yet; begin with: trunkline run", d.Table)
		}
		if err != nil {
			return nil, err
		}
		p.store, p.list = p.table, p.table.List
		return p, nil
	}
	p.name = "state file " + c.State.File
	if _, err := os.Stat(c.State.File); errors.Is(err, fs.ErrNotExist) {
		return nil, noState(c.State.File)
	}
	store, err := state.Open(c.State.File, state.Options{ReadOnly: !change, Command: strings.Join(os.Args, " "), Now: time.Now()})
	if locked, ok := errors.AsType[*state.LockedError](err); ok && change {
		who := "another process"
		if locked.Holder.PID != 0 {
			who = fmt.Sprintf("process %d (%s)", locked.Holder.PID, locked.Holder.Command)
		}
		return nil, fmt.Errorf("%s is in use by %s: without state.dynamodb, leases are changed only while the collector is stopped; stop it, and try again",
			p.name, who)
	}
	if err != nil {
		return nil, err
	}
	p.store, p.list, p.close = store.Leases(), store.Leases().List, store.Close
	return p, nil
}

// askedPlace is the state file of a collector that runs, as it has told of it.
func askedPlace(c *config.Config, leases []lease.Lease) *leasePlace {
	return &leasePlace{
		config: c, aws: cloud.New(c.AWS), name: "state file " + c.State.File, close: func() error { return nil },
		list: func(context.Context) ([]lease.Lease, error) { return leases, nil },
	}
}

// failover is for how long a worker may be silent.
func (p *leasePlace) failover() time.Duration {
	if d := p.config.State.DynamoDB; d != nil && d.Failover > 0 {
		return d.Failover
	}
	return lease.DefaultFailover
}

// stream makes the client of the stream.
func (p *leasePlace) stream(ctx context.Context) (kinesis.Client, error) {
	return kinesis.NewClient(ctx, p.aws.Clients, p.config.Source.Kinesis.Stream)
}

// ofStream are the leases of the stream by shard, and in order. The table may have those of others.
func ofStream(all []lease.Lease) (table shards.Table, leases []lease.Lease) {
	table = shards.ByKey(all)
	for _, l := range table {
		leases = append(leases, l)
	}
	slices.SortFunc(leases, func(a, b lease.Lease) int { return cmp.Compare(a.Key, b.Key) })
	return table, leases
}

// runningLeases is what a running collector tells of leases.
type runningLeases struct {
	PID    int             `json:"pid"`
	Worker string          `json:"worker"`
	Leases []lease.Lease   `json:"leases"` // where they are in its state file
	Shards []kinesis.Shard `json:"shards"` // that it has
}

// serveLeases answers on the control socket.
func (r *run) serveLeases(w http.ResponseWriter, request *http.Request) {
	answer := runningLeases{PID: os.Getpid(), Worker: r.worker}
	if r.stream != nil {
		answer.Shards = r.stream.Shards()
	}
	if r.stream != nil && r.config.State.DynamoDB == nil {
		var err error
		if answer.Leases, err = r.store.Leases().List(request.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

// askLeases asks the collector that runs on a state file. The error is a *net.OpError when none answers.
func askLeases(ctx context.Context, stateFile string) (*runningLeases, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	body, err := askRunning(ctx, stateFile, "/leases", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	answer := &runningLeases{}
	return answer, json.NewDecoder(body).Decode(answer)
}

// completeShards completes the ids of shards where they are at hand on this machine: a table is not asked.
func (a *app) completeShards(cmd *cobra.Command, given []string, _ string) (ids []string, _ cobra.ShellCompDirective) {
	ctx := cmd.Context()
	c, err := a.loadStream()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	running, err := askLeases(ctx, c.State.File)
	if err != nil && c.State.DynamoDB == nil {
		running = &runningLeases{}
		if p, err := a.openPlace(ctx, c, false); err == nil {
			running.Leases, _ = p.list(ctx)
			_ = p.close()
		}
	}
	if running == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, l := range running.Leases {
		ids = append(ids, l.Key)
	}
	for _, s := range running.Shards {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return slices.Contains(given, id) })
	return ids, cobra.ShellCompDirectiveNoFileComp
}
