//go:build interop

package kvsparser

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trunkline/internal/recorder/mkv"
)

// TestMain builds the oracle once for all tests.
func TestMain(m *testing.M) {
	for tool, hint := range map[string]string{"java": "openjdk-17-jdk-headless", "mvn": "maven"} {
		if _, err := exec.LookPath(tool); err != nil {
			fmt.Fprintf(os.Stderr, "%s is missing: apt-get install %s\n", tool, hint)
			os.Exit(1)
		}
	}
	if out, err := exec.Command("mvn", "-q", "-B", "package").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the oracle with mvn: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// fragment is what one reader found in a Segment.
type fragment struct {
	Meta                         string // number and times at the first Cluster; "" where not all are said
	Tracks, Tags, Clusters, Time []string
	Frames                       []string
}

// answer is what one reader made of a stream.
type answer struct {
	fragments []fragment
	err       error // of ours
	refused   string
}

// ours reads a stream with the Reader.
func ours(stream []byte) (a answer) {
	r := mkv.NewReader(bytes.NewReader(stream))
	last := int64(-1)
	var f *fragment
	take := func() {
		at := r.Fragment()
		if at.Offset != last || f == nil {
			a.fragments = append(a.fragments, fragment{})
			f, last = &a.fragments[len(a.fragments)-1], at.Offset
		}
		for _, track := range at.Tracks[len(f.Tracks):] {
			f.Tracks = append(f.Tracks, fmt.Sprintf("%d %x", track.Number, track.Name))
		}
		for _, tag := range at.Tags[len(f.Tags):] {
			f.Tags = append(f.Tags, fmt.Sprintf("%x %x", tag.Name, tag.Value))
		}
	}
	for {
		event, err := r.Next()
		if err != nil {
			if a.err = err; err == io.EOF {
				a.err = nil
			}
			return a
		}
		take()
		at := r.Fragment()
		switch event {
		case mkv.Cluster:
			if len(f.Time) == 0 && at.Number != nil && at.Producer > 0 && at.Server > 0 {
				f.Meta = fmt.Sprintf("%s %d %d", at.Number, at.Producer.Milliseconds(), at.Server.Milliseconds())
			}
			f.Time = append(f.Time, fmt.Sprint(at.Time.Milliseconds()))
		case mkv.Block:
			b := r.Block()
			f.Frames = append(f.Frames, fmt.Sprintf("%d %d NO %d %d", b.Track.Number, b.Time/time.Millisecond, len(b.Data), crc32.ChecksumIEEE(b.Data)))
		}
	}
}

// theirs reads streams with AWS's parser.
func theirs(t *testing.T, streams [][]byte) (answers []answer) {
	t.Helper()
	var in bytes.Buffer
	for _, stream := range streams {
		_ = binary.Write(&in, binary.BigEndian, uint32(len(stream)))
		in.Write(stream)
	}
	classpath := filepath.Join("target", "oracle.jar") + string(os.PathListSeparator) + filepath.Join("target", "lib", "*")
	cmd := exec.CommandContext(t.Context(), "java", "-Xmx256m", "-cp", classpath, "trunkline.interop.Parse")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run the parser: %v", err)
	}
	var a answer
	f := &fragment{} // what stands before a Segment
	for line := range strings.Lines(string(out)) {
		word, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch word {
		case "segment":
			a.fragments = append(a.fragments, fragment{})
			f = &a.fragments[len(a.fragments)-1]
		case "cluster":
			if len(f.Clusters) == 0 {
				f.Meta = rest
			}
			f.Clusters = append(f.Clusters, rest)
		case "track":
			number, name, _ := strings.Cut(rest, " ")
			f.Tracks = append(f.Tracks, number+" "+text(name))
		case "tag":
			name, value, _ := strings.Cut(rest, " ")
			f.Tags = append(f.Tags, text(name)+" "+text(value))
		case "time":
			f.Time = append(f.Time, rest)
		case "frame":
			f.Frames = append(f.Frames, rest)
		case "end", "error":
			a.refused = rest
			answers = append(answers, a)
			a, f = answer{}, &fragment{}
		default:
			t.Fatalf("line %q", line)
		}
	}
	if len(answers) != len(streams) {
		t.Fatalf("%d answers to %d streams", len(answers), len(streams))
	}
	return answers
}

// text is a text in hexadecimal without the zeros that fill it up, which the parser keeps.
func text(word string) string {
	b, _ := hex.DecodeString(word) // "-" for none
	return hex.EncodeToString(bytes.TrimRight(b, "\x00"))
}

// diff compares what two readers found; the second one's meta counts where the first one has one.
func diff(our, their []fragment) string {
	their = slices.Clone(their)
	for i := range their {
		their[i].Clusters = nil
		if i >= len(our) || our[i].Meta == "" {
			their[i].Meta = ""
		}
	}
	return cmp.Diff(our, their)
}

// cut tells whether our reader found a stream cut.
func (a answer) cut() bool { return errors.Is(a.err, mkv.ErrCut) }
