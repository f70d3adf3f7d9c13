package shards

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// script is a Client that answers calls of ListShards in turn: a listing in short, "MORE" at its end for a page with a token, or an
// error. The last answer is repeated.
type script struct {
	answers []any
	asked   []string // "name= arn= token= filter=" of each call
	created time.Time
}

func (s *script) ListShards(_ context.Context, in *kinesis.ListShardsInput, _ ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	filter := ""
	if in.ShardFilter != nil {
		filter = string(in.ShardFilter.Type)
	}
	s.asked = append(s.asked, fmt.Sprintf("name=%s arn=%s token=%s filter=%s",
		aws.ToString(in.StreamName), aws.ToString(in.StreamARN), aws.ToString(in.NextToken), filter))
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if err, failed := answer.(error); failed {
		return nil, err
	}
	text, more := strings.CutSuffix(answer.(string), "MORE")
	out := &kinesis.ListShardsOutput{Shards: graph(text)}
	if more {
		out.NextToken = aws.String(fmt.Sprint("t", len(s.asked)))
	}
	return out, nil
}

func (s *script) DescribeStreamSummary(context.Context, *kinesis.DescribeStreamSummaryInput, ...func(*kinesis.Options)) (*kinesis.DescribeStreamSummaryOutput, error) {
	return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &types.StreamDescriptionSummary{StreamCreationTimestamp: &s.created}}, nil
}

func newLister(t *testing.T, c Client, s Stream) *Lister {
	t.Helper()
	l, err := NewLister(c, s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ids(listing []types.Shard) string {
	var all []string
	for _, s := range listing {
		all = append(all, aws.ToString(s.ShardId))
	}
	return strings.Join(all, " ")
}

const arn = "arn:aws:kinesis:eu-central-1:111122223333:stream/calls"

var (
	expired = &types.ExpiredNextTokenException{}
	limit   = &types.LimitExceededException{}
	making  = &types.ResourceInUseException{}
	absent  = &types.ResourceNotFoundException{}
)

func TestList(t *testing.T) {
	for _, test := range []struct {
		name    string
		stream  Stream
		filter  *types.ShardFilter
		answers []any
		want    string
		err     error
		asked   []string
		took    time.Duration
	}{
		{
			"by ARN, pages",
			Stream{ARN: arn, Name: "calls"},
			Start{Position: Latest}.filter(),
			[]any{"0 1 MORE", "2 MORE", "3"},
			"0 1 2 3", nil,
			[]string{
				"name= arn=" + arn + " token= filter=AT_LATEST",
				"name= arn= token=t1 filter=", "name= arn= token=t2 filter=",
			},
			0,
		},
		{
			"by name, pages",
			Stream{Name: "calls"},
			nil,
			[]any{"0 1 MORE", "2"},
			"0 1 2", nil,
			[]string{"name=calls arn= token= filter=", "name= arn= token=t1 filter="},
			0,
		},
		{
			"expired token",
			Stream{Name: "calls"},
			nil,
			[]any{"0 1 MORE", expired, "0 1 2 MORE", "3"},
			"0 1 2 3", nil,
			[]string{
				"name=calls arn= token= filter=", "name= arn= token=t1 filter=",
				"name=calls arn= token= filter=", "name= arn= token=t3 filter=",
			},
			0,
		},
		{
			"limit, in the middle",
			Stream{Name: "calls"},
			nil,
			[]any{limit, "0 MORE", limit, limit, "1"},
			"0 1", nil,
			[]string{
				"name=calls arn= token= filter=", "name=calls arn= token= filter=",
				"name= arn= token=t2 filter=", "name= arn= token=t2 filter=", "name= arn= token=t2 filter=",
			},
			4500 * time.Millisecond,
		},
		{"still being made", Stream{Name: "calls"}, nil, []any{making, making, "0"}, "0", nil, nil, 3 * time.Second},
		{"limit for ever", Stream{Name: "calls"}, nil, []any{limit}, "", limit, nil, 49 * 1500 * time.Millisecond},
		{"no such stream", Stream{Name: "calls"}, nil, []any{absent}, "", ErrNoStream, nil, 0},
		{"something else", Stream{Name: "calls"}, nil, []any{"0 MORE", errOther}, "", errOther, nil, 0},
		{"tokens that expire for ever", Stream{Name: "calls"}, nil, []any{"0MORE", expired, "0MORE", expired, "0MORE", expired, "0MORE", expired, "0MORE", expired, "0MORE", expired}, "", expired, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &script{answers: test.answers}
				began := time.Now()
				got, err := newLister(t, client, test.stream).List(t.Context(), test.filter)
				if ids(got) != test.want || !errors.Is(err, test.err) {
					t.Errorf("got %q %v, want %q %v", ids(got), err, test.want, test.err)
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if got, want := strings.Join(client.asked, "\n"), strings.Join(test.asked, "\n"); test.asked != nil && got != want {
					t.Errorf("asked:\n%s\nwant:\n%s", got, want)
				}
			})
		})
	}
	if _, err := NewLister(&script{}, Stream{}); err == nil {
		t.Error("a stream without name and ARN: got no error")
	}
}

var errOther = errors.New("something else")

// A server that hands out one token for ever must not keep us for ever.
func TestListEndsOnOneToken(t *testing.T) {
	client := &stuck{}
	if _, err := newLister(t, client, Stream{Name: "calls"}).List(t.Context(), nil); err == nil {
		t.Error("the same token twice: got no error")
	}
}

type stuck struct{ script }

func (*stuck) ListShards(context.Context, *kinesis.ListShardsInput, ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	return &kinesis.ListShardsOutput{NextToken: aws.String("same")}, nil
}

func TestListCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		_, err := newLister(t, &script{answers: []any{limit}}, Stream{Name: "calls"}).List(ctx, nil)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("got %v after %v, want %v after 10s", err, time.Since(began), context.DeadlineExceeded)
		}
	})
}

func TestShardCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &script{answers: []any{"0 1", "0 1 2"}}
		l := newLister(t, client, Stream{Name: "calls"})
		look := func(id string, want error, calls int) {
			t.Helper()
			s, err := l.Shard(t.Context(), id)
			if !errors.Is(err, want) || err == nil && aws.ToString(s.ShardId) != id {
				t.Errorf("shard %s: got %+v %v, want %v", id, s, err, want)
			}
			if len(client.asked) != calls {
				t.Errorf("shard %s: %d calls so far, want %d", id, len(client.asked), calls)
			}
		}
		look("0", nil, 1)
		look("1", nil, 1)
		look("2", ErrNoShard, 1)
		time.Sleep(freshMiss + time.Nanosecond)
		look("0", nil, 1)
		look("2", nil, 2)
		time.Sleep(fresh)
		look("2", nil, 2)
		time.Sleep(time.Nanosecond)
		look("2", nil, 3)
		if got, err := l.Range(t.Context(), "2"); got.Start != "0" || got.End != "9" || err != nil {
			t.Errorf("range: got %+v %v, want 0 to 9", got, err)
		}
	})
}
