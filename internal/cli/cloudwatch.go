package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"trunkline/internal/config"
	"trunkline/internal/source/kinesis"
	"trunkline/internal/telemetry/cloudwatch"
)

// sampleEvery is how often the stream is looked at for CloudWatch. Metrics are published every ten seconds.
const sampleEvery = 5 * time.Second

// publishStream sends what the stream tells to CloudWatch, under the names of the Java Kinesis Client Library, until the source is closed.
func (r *run) publishStream(ctx context.Context) error {
	k := r.config.Source.Kinesis
	if k == nil || k.CloudWatch == config.MetricsNone {
		return nil
	}
	client, err := cloudwatch.NewClient(ctx, r.aws.Clients, tableRegion(r.config))
	if err != nil {
		return err
	}
	level := cloudwatch.Summary
	if k.CloudWatch == config.MetricsDetailed {
		level = cloudwatch.Detailed
	}
	publisher, err := cloudwatch.New(client, cloudwatch.Options{Namespace: k.Application, Level: level, Log: r.log})
	if err != nil {
		return fmt.Errorf("source.kinesis.cloudwatch: %w", err)
	}
	ctx = context.WithoutCancel(ctx)
	publishing, stopPublishing := context.WithCancel(ctx)
	sampling, stopSampling := context.WithCancel(ctx)
	var publishes, samples sync.WaitGroup
	publishes.Go(func() { publisher.Run(publishing) })
	samples.Go(func() {
		s := sampler{stream: r.stream, publisher: publisher, before: map[string]kinesis.Shard{}}
		every := time.NewTicker(sampleEvery)
		defer every.Stop()
		for sampling.Err() == nil {
			select {
			case <-sampling.Done():
			case <-every.C:
			}
			s.sample()
		}
	})
	r.closers = append(r.closers, func() error {
		stopSampling()
		samples.Wait()
		stopPublishing()
		publishes.Wait()
		return nil
	})
	return nil
}

// sampler records what has happened since it looked last.
type sampler struct {
	stream    *kinesis.Source
	publisher *cloudwatch.Publisher
	before    map[string]kinesis.Shard
	lost      uint64
}

func (s *sampler) sample() {
	const level = cloudwatch.Summary
	now := map[string]kinesis.Shard{}
	var behind time.Duration
	leases := 0
	for _, shard := range s.stream.Shards() {
		leases++
		if !shard.Known || shard.Ended {
			continue
		}
		before := s.before[shard.ID]
		if shard.FetchedRecords < before.FetchedRecords {
			before = kinesis.Shard{} // another tenure
		}
		process := s.publisher.Operation("ProcessTask").Shard(shard.ID)
		process.Count(level, "RecordsProcessed", float64(shard.FetchedRecords-before.FetchedRecords))
		process.Bytes(level, "DataBytesProcessed", shard.FetchedBytes-before.FetchedBytes)
		process.Time(level, "MillisBehindLatest", shard.Behind)
		behind = max(behind, shard.Behind)
		now[shard.ID] = shard
	}
	s.before = now
	s.publisher.Operation("ApplicationTracker").Time(level, "MillisBehindLatest", behind)
	lost := s.stream.Counts().Lost
	renew := s.publisher.Operation("RenewAllLeases").Worker()
	renew.Count(level, "CurrentLeases", float64(leases))
	renew.Count(level, "LostLeases", float64(lost-s.lost))
	s.lost = lost
}
