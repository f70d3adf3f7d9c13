package telemetry

import (
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Stream is what a worker tells of a stream that it reads.
type Stream struct {
	Shards []Shard // that it has, each once
	Leases int     // that it holds, those of ended shards among them

	// Since the start.
	Gained, Lost         uint64 // leases
	Checkpoints, Refused uint64 // refused: the lease was lost
	Throttled, Expired   uint64 // reads that the service refused because there were too many; iterators
	Misplaced            uint64 // aggregates that belong to another shard
	Gaps                 uint64 // times that records were lost, since the stream had forgotten them
}

// Shard is how far one is behind its end. Records and Bytes are estimates.
type Shard struct {
	ID             string
	Behind         time.Duration
	Records, Bytes int64
}

// shardID is what a shard may be called to be a label.
var shardID = regexp.MustCompile(`^shardId-[0-9]{1,20}$`)

// stream shows a Stream. What it shows of a shard is gone with its lease.
type stream struct {
	read   func() Stream
	shards [3]*prometheus.Desc
	leases *prometheus.Desc
	counts []streamCount
}

type streamCount struct {
	desc *prometheus.Desc
	of   func(*Stream) uint64
}

func newStream(read func() Stream) *stream {
	shard := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("trunkline_shard_"+name, help, []string{"shard"}, nil)
	}
	s := &stream{
		read: read,
		shards: [3]*prometheus.Desc{
			shard("behind_seconds", "Time between the last record fetched from a shard and its end, as the service says."),
			shard("lag_records", "About how many records of a shard wait to be fetched, by how many came lately in the same time."),
			shard("lag_bytes", "About how many bytes of a shard wait to be fetched, by how many came lately in the same time."),
		},
		leases: prometheus.NewDesc("trunkline_leases_held", "Leases of shards that this worker holds; those of ended shards count until they are deleted.", nil, nil),
	}
	count := func(name, help string, of func(*Stream) uint64) {
		s.counts = append(s.counts, streamCount{prometheus.NewDesc("trunkline_"+name+"_total", help, nil, nil), of})
	}
	count("leases_gained", "Leases of shards that this worker got.", func(s *Stream) uint64 { return s.Gained })
	count("leases_lost", "Leases of shards that were lost while records were read: others took them, or they could not be renewed.", func(s *Stream) uint64 { return s.Lost })
	count("checkpoints", "Checkpoints written to the lease table.", func(s *Stream) uint64 { return s.Checkpoints })
	count("checkpoints_refused", "Checkpoints that the lease table refused, because the lease was lost.", func(s *Stream) uint64 { return s.Refused })
	count("stream_throttled", "Reads that the stream refused because there were too many.", func(s *Stream) uint64 { return s.Throttled })
	count("stream_iterators_expired", "Iterators that were no good any more and were asked for anew.", func(s *Stream) uint64 { return s.Expired })
	count("stream_misplaced_aggregates", "Aggregated records that hold records of another shard and were left out: their producer sends them again.", func(s *Stream) uint64 { return s.Misplaced })
	count("stream_gaps", "Times that records were lost: the stream had forgotten the record of a checkpoint and perhaps others after it.", func(s *Stream) uint64 { return s.Gaps })
	return s
}

// Describe implements [prometheus.Collector].
func (s *stream) Describe(to chan<- *prometheus.Desc) {
	for _, d := range s.shards {
		to <- d
	}
	to <- s.leases
	for _, c := range s.counts {
		to <- c.desc
	}
}

// Collect implements [prometheus.Collector].
func (s *stream) Collect(to chan<- prometheus.Metric) {
	now := s.read()
	for _, shard := range now.Shards {
		if !shardID.MatchString(shard.ID) {
			continue
		}
		for i, value := range []float64{shard.Behind.Seconds(), float64(shard.Records), float64(shard.Bytes)} {
			to <- prometheus.MustNewConstMetric(s.shards[i], prometheus.GaugeValue, value, shard.ID)
		}
	}
	to <- prometheus.MustNewConstMetric(s.leases, prometheus.GaugeValue, float64(now.Leases))
	for _, c := range s.counts {
		to <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.of(&now)))
	}
}
