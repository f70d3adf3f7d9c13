package cli

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"trunkline/internal/cloud"
	"trunkline/internal/config"
	"trunkline/internal/lease"
	"trunkline/internal/lease/dynamo"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/source/kinesis/shards"
	"trunkline/internal/telemetry"
)

// openStream opens a Kinesis stream. Its leases are in the state file or, where several workers share it, in a table.
func (r *run) openStream(ctx context.Context) (*kinesis.Source, error) {
	k := r.config.Source.Kinesis
	client, err := kinesis.NewClient(ctx, r.aws.Clients, k.Stream)
	if err != nil {
		return nil, err
	}
	store, worker, err := r.openLeases(ctx)
	if err != nil {
		return nil, err
	}
	r.worker = worker
	o := kinesis.Options{
		Stream: k.Stream, Start: startOf(k.Start), Client: client, Store: store, Worker: worker,
		Meta: readsEnvelopes(r.config.Filter), Random: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), Log: r.log,
	}
	if d := r.config.State.DynamoDB; d != nil {
		o.Failover = d.Failover
	} else {
		o.Checkpoint = time.Second // a write to the state file costs nothing, and less comes again after a kill
	}
	if k.Consumer != config.Polling {
		consumer := k.Consumer
		if consumer == config.FanOut {
			consumer = k.Application
		}
		if o.Subscribe, err = kinesis.FanOut(ctx, client, k.Stream, consumer, r.log); err != nil {
			return nil, fmt.Errorf("source.kinesis.consumer: %w", err)
		}
	}
	source, err := kinesis.Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("source.kinesis.stream: %w", err)
	}
	return source, nil
}

// openLeases opens where leases are, and names this worker among those that use them.
func (r *run) openLeases(ctx context.Context) (store lease.Store, worker string, err error) {
	d := r.config.State.DynamoDB
	if d == nil {
		// The state file is one process's alone: under the same name, what a killed one held is resumed at once.
		return r.store.Leases(), "trunkline", nil
	}
	table, err := openTable(ctx, r.config, r.aws, howToCreate(d.Create), r.log)
	if err != nil {
		return nil, "", err
	}
	host, _ := os.Hostname() // without one, the id has none
	return table, lease.NewID(host, crand.Reader), nil
}

// tableRegion is where the lease table is, and the metrics go: the configured region, or that of the stream.
func tableRegion(c *config.Config) string {
	return cmp.Or(c.AWS.Region, kinesis.Region(c.Source.Kinesis.Stream))
}

// openTable opens the lease table of a config that has one.
func openTable(ctx context.Context, c *config.Config, aws *cloud.Services, create dynamo.Create, log *slog.Logger) (*dynamo.Table, error) {
	client, err := dynamo.NewClient(ctx, aws.Clients, tableRegion(c))
	if err != nil {
		return nil, err
	}
	table, err := dynamo.Open(ctx, client, dynamo.Options{
		Table: c.State.DynamoDB.Table, Application: c.Source.Kinesis.Application, Create: create, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("state.dynamodb: %w", err)
	}
	return table, nil
}

func howToCreate(how string) dynamo.Create {
	switch how {
	case config.CreateNever:
		return dynamo.Never
	case config.CreateProvisioned:
		return dynamo.Provisioned
	}
	return dynamo.OnDemand
}

func startOf(s config.Start) shards.Start {
	switch s.Word {
	case config.StartOldest:
		return shards.Start{Position: shards.TrimHorizon}
	case config.StartLatest:
		return shards.Start{Position: shards.Latest}
	}
	return shards.Start{Position: shards.AtTimestamp, Time: s.Time}
}

// readsEnvelopes tells whether a filter asks for more than the record: what stands around it costs time to make.
func readsEnvelopes(filter []config.Pattern) bool {
	for _, p := range filter {
		var members map[string]json.RawMessage
		if json.Unmarshal(p.JSON, &members) != nil {
			return true
		}
		delete(members, "data")
		if len(members) > 0 {
			return true
		}
	}
	return false
}

// streamPositions are those of the shards.
func streamPositions(leases []lease.Lease) (positions []statusPosition) {
	for _, l := range leases {
		positions = append(positions, shardPosition(l.Key, l.Checkpoint, ""))
	}
	return positions
}

func shardPosition(shard string, at lease.Checkpoint, more string) statusPosition {
	position := at.Position
	where := shard + ", " + position
	switch {
	case position == shards.End:
		where = shard + ", read to its end"
	case shards.Valid(position) && position[0] <= '9':
		where = kinesis.Describe(shard, fmt.Sprintf("%s:%s:%d", shard, position, at.Sub))
		position = fmt.Sprintf("%s:%d", position, at.Sub)
	}
	return statusPosition{shard, position, where + more}
}

// shardStatus adds what the shards of this worker tell to the status.
func (r *run) shardStatus(report *statusReport) {
	report.Positions = []statusPosition{}
	var behind time.Duration
	for _, s := range r.stream.Shards() {
		more := ""
		if s.Known && !s.Ended {
			more = fmt.Sprintf(", %s behind", s.Behind.Round(time.Millisecond))
			behind = max(behind, s.Behind)
		}
		report.Positions = append(report.Positions, shardPosition(s.ID, s.Checkpoint, more))
	}
	ms := behind.Milliseconds()
	report.BehindMS = &ms
}

// streamReading is what the metrics tell of the stream.
func (r *run) streamReading() telemetry.Stream {
	c := r.stream.Counts()
	reading := telemetry.Stream{
		Gained: c.Gained, Lost: c.Lost, Checkpoints: c.Checkpoints, Refused: c.Refused,
		Throttled: c.Throttled, Expired: c.Expired, Misplaced: c.Elsewhere, Gaps: c.Gaps,
	}
	for _, s := range r.stream.Shards() {
		reading.Leases++
		if s.Known && !s.Ended {
			reading.Shards = append(reading.Shards, telemetry.Shard{ID: s.ID, Behind: s.Behind, Records: s.Records, Bytes: s.Bytes})
		}
	}
	return reading
}

// streamReasons say why the stream is not read.
func (r *run) streamReasons() (reasons []string) {
	denied := 0
	for _, s := range r.stream.Shards() {
		if s.Denied {
			denied++
		}
	}
	if denied > 0 {
		reasons = append(reasons, fmt.Sprintf("stream denied: %d shards cannot be read; the log says which permission or key is missing", denied))
	}
	return reasons
}
