package kinesis

import (
	"fmt"
	"strconv"
	"strings"

	"trunkline/internal/lease"
	"trunkline/internal/source/kinesis/shards"
)

// place is where a record stands: "SHARD:SEQUENCE:SUB". That text is a letter's position and place; a checkpoint's is without the shard.
type place struct {
	shard string
	at    lease.Checkpoint
}

func (p place) String() string { return p.shard + ":" + position(p.at) }

func position(c lease.Checkpoint) string { return c.Position + ":" + strconv.FormatInt(c.Sub, 10) }

func parsePosition(text string) (c lease.Checkpoint, err error) {
	sequence, sub, _ := strings.Cut(text, ":")
	if c.Sub, err = strconv.ParseInt(sub, 10, 64); err != nil || c.Sub < 0 || !shards.Valid(sequence) {
		return c, fmt.Errorf("%.80q is no position in a shard", text)
	}
	c.Position = sequence
	return c, nil
}

func parsePlace(text string) (place, error) {
	shard, rest, _ := strings.Cut(text, ":")
	at, err := parsePosition(rest)
	if err != nil || shard == "" || at.Position[0] < '0' || at.Position[0] > '9' {
		return place{}, fmt.Errorf("%.80q is no place in a stream", text)
	}
	return place{shard, at}, nil
}

// Describe says in words where a record stands, given the text of Positions.At.
func Describe(partition, text string) string {
	p, err := parsePlace(text)
	if err != nil {
		return partition
	}
	if p.at.Sub == 0 {
		return fmt.Sprintf("%s, sequence number %s", p.shard, p.at.Position)
	}
	return fmt.Sprintf("%s, sequence number %s, record %d of its aggregate", p.shard, p.at.Position, p.at.Sub)
}
