package demo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/demo"
)

// run runs a demo of 50 records with a collector of the test's own.
func run(t *testing.T, collect demo.Collect) (*demo.Summary, error) {
	t.Helper()
	return demo.Run(t.Context(), demo.Options{
		Folder: t.TempDir(), Duration: 50 * time.Millisecond, Rate: 1000, Seed: 1, Log: io.Discard, Collect: collect,
	})
}

// all waits until the centre has written its records, and returns them.
func all(t *testing.T, config string) []string {
	t.Helper()
	for range 1000 {
		text, err := os.ReadFile(strings.TrimSuffix(config, "trunkline.yaml") + "records.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"); len(lines) == 50 {
			return lines
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the centre has not written 50 records in five seconds")
	return nil
}

// A collector that says it has delivered everything, and has delivered nothing, is found out by both of the others.
func TestLyingCollector(t *testing.T) {
	s, err := run(t, func(ctx context.Context, config string, _ io.Writer, started func(demo.Progress)) (demo.Books, error) {
		counts := collector.Counts{collector.Delivered: 50}
		started(func() collector.Counts { return counts })
		all(t, config)
		<-ctx.Done()
		return demo.Books{Outcomes: counts}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := s.Print(&text, demo.Style{}); err != nil {
		t.Fatal(err)
	}
	if s.Balanced || s.Collector.Sum != 50 || s.Centre.Sum != 50 {
		t.Errorf("balanced is %v with %+v and %+v, want false and 50 records each", s.Balanced, s.Centre, s.Collector)
	}
	problems := strings.Join(s.Problems, "\n")
	for _, want := range []string{
		"delivered: 50 for the collector, 0 for the receiver",
		"for the contact centre, 50 for the collector",
		"filtered: ", "dead letters: ",
	} {
		if !strings.Contains(problems, want) || !strings.Contains(text.String(), "does not agree: "+s.Problems[0]) {
			t.Errorf("problems are\n%s\nwant %q, and the first of them printed in\n%s", problems, want, &text)
		}
	}
}

// A collector that ends early leaves records without an outcome.
func TestCollectorThatEndsEarly(t *testing.T) {
	s, err := run(t, func(_ context.Context, config string, _ io.Writer, started func(demo.Progress)) (demo.Books, error) {
		started(func() collector.Counts { return collector.Counts{} })
		all(t, config)
		return demo.Books{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "records: 50 for the contact centre, 0 for the collector"; s.Balanced || len(s.Problems) == 0 || s.Problems[0] != want {
		t.Errorf("balanced is %v, problems are %q, want false, and %q first", s.Balanced, s.Problems, want)
	}
}

func TestCollectorThatFails(t *testing.T) {
	broken := errors.New("no such thing")
	for _, begun := range []bool{false, true} {
		s, err := run(t, func(_ context.Context, _ string, _ io.Writer, started func(demo.Progress)) (demo.Books, error) {
			if begun {
				started(func() collector.Counts { return collector.Counts{} })
			}
			return demo.Books{}, broken
		})
		if !errors.Is(err, broken) || s != nil {
			t.Errorf("a collector that fails, begun %v: got %v, error %v; want its error", begun, s, err)
		}
	}
}

// The block of a terminal never has more lines than it goes up over, and none that wraps on 80 columns.
func TestBlock(t *testing.T) {
	var out bytes.Buffer
	block := &demo.Block{Out: &out}
	now := demo.Now{
		Elapsed: 3 * time.Second, Planned: 8 * time.Second, Written: 199_999, Bytes: 987_654_321,
		Settled:  collector.Counts{0, 99_999, 50_000, 12_345, 2_345, 1_234},
		Received: demo.Received{Taken: 99_999, Unavailable: 5_432, Reset: 1_234, Lost: 1_234, Refused: 1},
		Latest:   []demo.Arrival{{"STATE_CHANGE", "11111111-2222-4333-8444-555555555555", "tok_00112233445566778899aabbccddeeff"}},
	}
	block.Update(now)
	first := out.String()
	block.Update(now)
	second := strings.TrimPrefix(out.String(), first)
	up := "\x1b[7A\r"
	if strings.Count(first, "\n") != 7 || !strings.HasPrefix(second, up) || strings.TrimPrefix(second, up) != first {
		t.Errorf("the second block is %q after %q, want the same 7 lines after %q", second, first, up)
	}
	for line := range strings.Lines(first) {
		if text := strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "\x1b[2K"); len([]rune(text)) > 79 {
			t.Errorf("line of %d columns, want at most 79: %s", len([]rune(text)), text)
		}
	}
}
