package fanout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/internal/awsclient"
	"trunkline/test/emulators/subscribetoshard"
)

func TestOpen(t *testing.T) {
	const stream = subscribetoshard.StreamARN
	const describe, register = "DescribeStreamConsumer", "RegisterStreamConsumer"
	model := modelOf(t)
	refused := func(code string, n int) []subscribetoshard.Refusal {
		return slices.Repeat([]subscribetoshard.Refusal{{Code: code}}, n)
	}
	for _, c := range []struct {
		name   string
		before func(s *subscribetoshard.Server, o *Options)
		want   string // in the error; "" for success
		is     error
		calls  string // R and D, with the word of a refusal
	}{
		{"registers", func(*subscribetoshard.Server, *Options) {}, "", nil, "D-ResourceNotFoundException R D D"},
		{"finds", func(s *subscribetoshard.Server, _ *Options) {
			s.Register("trunkline")
			time.Sleep(time.Minute)
		}, "", nil, "D"},
		{"waits", func(s *subscribetoshard.Server, _ *Options) { s.Register("trunkline") }, "", nil, "D D D"},
		{"by its ARN", func(s *subscribetoshard.Server, o *Options) {
			o.ConsumerARN, o.Name = s.Register("made"), ""
		}, "", nil, "D D D"},
		{"by its ARN, without the stream's", func(s *subscribetoshard.Server, o *Options) {
			o.ConsumerARN, o.StreamARN = s.Register("made"), ""
		}, "", nil, "D D D"},
		{"another stream's", func(s *subscribetoshard.Server, o *Options) {
			o.ConsumerARN, o.StreamARN = s.Register("made"), stream+"2"
		}, "it reads " + stream + ", not " + stream + "2", nil, "D"},
		{"no such ARN", func(_ *subscribetoshard.Server, o *Options) {
			o.ConsumerARN = stream + "/consumer/gone:1"
		}, "register it, or give a name", ErrNoConsumer, "D-ResourceNotFoundException"},
		{"an ARN that goes", func(s *subscribetoshard.Server, o *Options) {
			o.ConsumerARN = s.Register("made")
			s.Deregister(o.ConsumerARN)
		}, "it is being deregistered", ErrNoConsumer, "D"},
		{
			"a name that goes", func(s *subscribetoshard.Server, _ *Options) { s.Deregister(s.Register("trunkline")) }, "", nil,
			"D D D-ResourceNotFoundException R D D",
		},
		{
			"somebody is faster", func(s *subscribetoshard.Server, _ *Options) { s.Refuse(register, refused(inUse, 1)...) }, "", nil,
			"D-ResourceNotFoundException R-ResourceInUseException D-ResourceNotFoundException R D D",
		},
		{"a limit that passes", func(s *subscribetoshard.Server, _ *Options) {
			s.Refuse(register, refused(limitExceeded, 9)...)
			s.Refuse(describe, refused(limitExceeded, 9)...)
		}, "", nil, strings.Repeat("D-LimitExceededException ", 9) + "D-ResourceNotFoundException " + strings.Repeat("R-LimitExceededException ", 9) + "R D D"},
		{
			"a limit that stays", func(s *subscribetoshard.Server, _ *Options) { s.Refuse(register, refused(limitExceeded, 99)...) },
			"a stream takes 20 consumers", nil, "D-ResourceNotFoundException" + strings.Repeat(" R-LimitExceededException", 10),
		},
		{"a failure that passes", func(s *subscribetoshard.Server, _ *Options) {
			s.Refuse(describe, subscribetoshard.Refusal{Status: 500, Code: "InternalFailure"}, subscribetoshard.Refusal{Status: 503, Code: "Odd"})
		}, "", nil, "D-InternalFailure D-Odd D-ResourceNotFoundException R D D"},
		{
			"describe denied", func(s *subscribetoshard.Server, _ *Options) {
				s.Refuse(describe, refused("AccessDeniedException", 1)...)
			},
			"allow kinesis:DescribeStreamConsumer on " + stream + "/consumer/trunkline:*", nil, "D-AccessDeniedException",
		},
		{
			"register denied", func(s *subscribetoshard.Server, _ *Options) {
				s.Refuse(register, refused("AccessDeniedException", 1)...)
			},
			"allow kinesis:RegisterStreamConsumer on " + stream, nil, "D-ResourceNotFoundException R-AccessDeniedException",
		},
		{"never ACTIVE", func(s *subscribetoshard.Server, _ *Options) { s.Creation = time.Hour }, "not ACTIVE after 5m0s", nil, ""},
		{
			"no such stream", func(_ *subscribetoshard.Server, o *Options) { o.StreamARN = stream + "2" }, "ResourceNotFoundException", nil,
			"D-ResourceNotFoundException R-ResourceNotFoundException",
		},
		{"no name", func(_ *subscribetoshard.Server, o *Options) { o.Name = "a b" }, `"a b" is not the name of a consumer`, nil, ""},
		{"no stream", func(_ *subscribetoshard.Server, o *Options) { o.StreamARN = "" }, "no stream given", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := subscribetoshard.New(t, model)
				client, stop := subscribetoshard.Pipe(server)
				defer stop()
				o := Options{StreamARN: stream, Name: "trunkline", Random: func() float64 { return 0 }}
				c.before(server, &o)
				consumer, err := Open(t.Context(), oneTry{client}, o)
				if (err != nil) != (c.want != "") || err != nil && (!strings.Contains(err.Error(), c.want) || !errors.Is(err, c.is) && c.is != nil) {
					t.Fatalf("got error %v, want %q", err, c.want)
				}
				if err == nil {
					if err := consumer.Confirm(t.Context()); err != nil || !strings.HasPrefix(consumer.ARN(), stream+"/consumer/") {
						t.Errorf("got consumer %s, confirmed %v", consumer.ARN(), err)
					}
				}
				var calls []string
				for _, call := range server.Calls("") {
					text := call.Operation[:1]
					if call.Error != "" {
						text += "-" + call.Error
					}
					calls = append(calls, text)
				}
				if err == nil {
					calls = calls[:len(calls)-1] // Confirm's
				}
				if got := strings.Join(calls, " "); c.calls != "" && got != c.calls {
					t.Errorf("got calls %s, want %s", got, c.calls)
				}
			})
		})
	}
}

// TestOpenCanceled returns at once.
func TestOpenCanceled(t *testing.T) {
	inWorld(t, func(w *world) {
		ctx, cancel := context.WithTimeout(w.Context(), time.Second/2)
		defer cancel()
		begin := time.Now()
		_, err := Open(ctx, oneTry{w.client}, Options{StreamARN: subscribetoshard.StreamARN, Name: "new"})
		if got := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || got != time.Second/2 {
			t.Errorf("got %v after %s, want the end of the context after 500ms", err, got)
		}
	})
}

// TestConfirm tells a consumer that is there from one that is not, and from one that cannot be asked for.
func TestConfirm(t *testing.T) {
	inWorld(t, func(w *world) {
		w.server.Refuse("DescribeStreamConsumer", subscribetoshard.Refusal{Code: "AccessDeniedException"})
		_, denied := errors.AsType[*awsclient.Error](w.consumer.Confirm(w.Context()))
		if !denied {
			t.Error("denied: got no *awsclient.Error")
		}
		if err := w.consumer.Confirm(w.Context()); err != nil {
			t.Errorf("a consumer that is there: got %v", err)
		}
		w.put(0, 3)
		s := w.subscribe(horizon)
		defer s.Close()
		w.collect(s, 3)
		w.server.Deregister(w.consumer.arn)
		_, err := s.Next(w.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != NotFound {
			t.Errorf("the consumer is deregistered: Next returns %v, want NotFound", err)
		}
		for _, state := range []string{"DELETING", "gone"} {
			if err := w.consumer.Confirm(w.Context()); !errors.Is(err, ErrNoConsumer) {
				t.Errorf("%s: got %v, want ErrNoConsumer", state, err)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestReason(t *testing.T) {
	var texts []string
	for r := range Refused + 2 {
		texts = append(texts, r.String())
	}
	if got, want := fmt.Sprint(texts), "[Reason(0) not found denied key not usable argument not accepted refused Reason(6)]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
