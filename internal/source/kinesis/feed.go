package kinesis

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// feed hands on what a shard holds, in order. It deals by itself with everything that only takes time, or a person: its error is ctx's, or
// that of looking for the children of a shard which the stream has forgotten.
type feed interface {
	// next waits for the next stretch, which may hold no records. Its cost is taken from the budget, for the caller to give back.
	next(ctx context.Context) (stretch, error)
	close()
}

// stretch is consecutive records of a shard.
type stretch struct {
	records []types.Record
	cost    int           // bytes taken from the budget
	behind  time.Duration // of its end, to the end of the shard
	// ended says that it is the shard's last one. children are then its children; where the stream has forgotten the shard, those that it
	// still knows.
	ended, forgotten bool
	children         []types.ChildShard
}

// recordCost is what a record takes beside its data, in bytes.
const recordCost = 256

// bytesOf is what a record takes of the budget.
func bytesOf(r *types.Record) int {
	return len(r.Data) + len(aws.ToString(r.PartitionKey)) + recordCost
}

func bytesOfAll(records []types.Record) (n int) {
	for i := range records {
		n += bytesOf(&records[i])
	}
	return n
}

func millis(n *int64) time.Duration { return time.Duration(aws.ToInt64(n)) * time.Millisecond }

// forgotten is the end of a shard that the stream does not know any more.
func (s *Source) forgotten(ctx context.Context, shard string) (stretch, error) {
	if ctx.Err() != nil {
		return stretch{}, ctx.Err()
	}
	children, err := s.syncer.Offspring(ctx, shard)
	return stretch{ended: true, forgotten: true, children: children}, err
}
