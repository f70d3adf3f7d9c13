//go:build interop

package kvsparser

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trunkline/internal/recorder/mkv/mkvtest"
)

const (
	seed    = 20261123
	good    = 200
	hostile = 800
)

// draw makes a fragment of any producer.
func draw(r *rand.Rand, n int) mkvtest.Fragment {
	f := mkvtest.Connect("0e62c1d2-6b52-4c3b-9f1e-0123456789ab", 1_725_368_687_758, n)
	f.Blocks = f.Blocks[:r.IntN(6)]
	for i := range f.Blocks {
		f.Blocks[i].Data = f.Blocks[i].Data[:r.IntN(60)]
		if r.IntN(8) == 0 {
			f.Blocks[i].Data = []byte("\x1a\x45\xdf\xa3\x1f\x43\xb6\x75\xff\x12\x54\xc3\x67")
		}
	}
	if r.IntN(2) == 0 {
		slices.Reverse(f.Tracks)
	}
	if r.IntN(4) == 0 {
		f.Behind = nil
	}
	if r.IntN(4) == 0 {
		f.Before = []mkvtest.Tag{{Name: "ContactId", Value: "ä"}, {Name: "", Value: ""}}
	}
	if r.IntN(4) == 0 {
		f.Token = ""
	}
	if r.IntN(12) == 0 {
		f = mkvtest.Fragment{NoCluster: true, Behind: []mkvtest.Tag{{Name: "AWS_KINESISVIDEO_ERROR_ID", Value: "4000"}}}
	}
	f.Shape = mkvtest.Shape{SizedSegment: r.IntN(4) == 0, SizedCluster: []int{0, 0, 3, 8}[r.IntN(4)], ShortUnknown: r.IntN(6) == 0, Groups: r.IntN(4) == 0, Extras: r.IntN(4) == 0}
	return f
}

func stream(r *rand.Rand) (all []byte) {
	for n := range 1 + r.IntN(4) {
		all = draw(r, n).Append(all)
	}
	return all
}

// damage changes a stream in a few places.
func damage(r *rand.Rand, s []byte) []byte {
	for range 1 + r.IntN(2) {
		if len(s) == 0 {
			return s
		}
		at := r.IntN(len(s))
		switch r.IntN(6) {
		case 0:
			s[at] ^= 1 << r.IntN(8)
		case 1:
			s[at] = byte(r.Uint32())
		case 2:
			s = slices.Delete(s, at, min(at+1+r.IntN(4), len(s)))
		case 3:
			s = slices.Insert(s, at, byte(r.Uint32()))
		case 4: // an element that is there already, in another place
			id := [][]byte{{0xa3, 1}, {0x1f, 0x43, 0xb6, 0x75}, {0x12, 0x54, 0xc3, 0x67}, {0x16, 0x54, 0xae, 0x6b}, {0x1a, 0x45, 0xdf, 0xa3}}[r.IntN(5)]
			if from := bytes.Index(s[at:], id); from >= 0 {
				s = slices.Insert(s, r.IntN(len(s)), bytes.Clone(s[at+from:min(at+from+100, len(s))])...)
			}
		default:
			s = s[:at]
		}
	}
	return s
}

// TestSame: streams as they should be are the same to both.
func TestSame(t *testing.T) {
	r := rand.New(rand.NewPCG(seed, 1))
	streams := make([][]byte, good)
	for i := range streams {
		streams[i] = stream(r)
	}
	var frames, tags, metas int
	for i, their := range theirs(t, streams) {
		our := ours(streams[i])
		if our.err != nil || their.refused != "" {
			t.Fatalf("stream %d: ours %v, theirs %q", i, our.err, their.refused)
		}
		if d := diff(our.fragments, their.fragments); d != "" {
			t.Fatalf("stream %d (-ours +theirs):\n%s", i, d)
		}
		for _, f := range our.fragments {
			frames, tags = frames+len(f.Frames), tags+len(f.Tags)
			if f.Meta != "" {
				metas++
			}
		}
	}
	t.Logf("%d streams: %d frames, %d tags, %d fragments with number and times", good, frames, tags, metas)
	if frames < good || tags < good || metas < good {
		t.Error("the streams have become too small")
	}
}

// differences are the known ones: how the two readers part, and why.
var differences = []struct {
	name, why string
	applies   func(our, their answer) bool
}{
	{
		"cut", "where a stream ends within an element, the parser ends as if it were whole, or fails at a check of its own; we say that it is cut",
		func(our, _ answer) bool { return our.cut() },
	},
	{
		"refused by us", "sizes that go beyond what they are in, numbers and texts that contradict each other, blocks without a track or before a time, laced " +
			"blocks, more than our limits: the parser believes each element for itself, or fails as well",
		func(our, _ answer) bool { return our.err != nil },
	},
	{
		"refused by them", "the parser fails at times and delays of the service that are no numbers, and where its collectors meet an element twice; " +
			"we pass over such a time, since blocks have their own",
		func(our, their answer) bool { return our.err == nil && their.refused != "" },
	},
	{
		"another tick", "the parser takes every tick for a millisecond; we look at TimecodeScale",
		func(our, their answer) bool {
			return our.err == nil && their.refused == "" && diff(timeless(our.fragments), timeless(their.fragments)) == ""
		},
	},
	{
		levels, "where damage makes a SeekHead reach over its neighbours, or an ID one that the parser knows from elsewhere, it goes in and lets levels " +
			"decide what ends; we pass over it by its size. Seldom, so that nothing else hides here",
		func(_, _ answer) bool { return true },
	},
}

const levels = "levels against sizes"

// timeless is what two readers found, without the times of Clusters and frames.
func timeless(fragments []fragment) []fragment {
	fragments = slices.Clone(fragments)
	for i := range fragments {
		f := &fragments[i]
		f.Time, f.Frames = nil, slices.Clone(f.Frames)
		for k, frame := range f.Frames {
			track, rest, _ := strings.Cut(frame, " ")
			_, rest, _ = strings.Cut(rest, " ")
			f.Frames[k] = track + " " + rest
		}
	}
	return fragments
}

// TestDamaged holds damaged streams against the parser. Whatever becomes of a stream, the fragments before the one where readers part are the
// same to both.
func TestDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(seed, 2))
	streams := make([][]byte, hostile)
	for i := range streams {
		streams[i] = damage(r, stream(r))
	}
	tally := map[string]int{}
	for i, their := range theirs(t, streams) {
		our := ours(streams[i])
		if our.err == nil && their.refused == "" && diff(our.fragments, their.fragments) == "" {
			tally["same"]++
			continue
		}
		for _, d := range differences {
			// The last fragment of a reader that gave up is not whole.
			n := max(0, min(len(our.fragments), len(their.fragments))-1)
			gaveUp := our.err != nil || their.refused != ""
			if d.applies(our, their) && (d.name == levels || !gaveUp || n == 0 || diff(timeless(our.fragments[:n]), timeless(their.fragments[:n])) == "") {
				if tally[d.name]++; d.name == levels {
					t.Logf("stream %d: %x\nours %v, theirs %q (-ours +theirs):\n%s", i, streams[i], our.err, their.refused, diff(our.fragments, their.fragments))
				}
				break
			}
		}
	}
	t.Logf("%d streams: %d are the same to both", hostile, tally["same"])
	for _, d := range differences {
		t.Logf("%6d explained: %s (%s)", tally[d.name], d.name, d.why)
	}
	for _, name := range []string{"same", "cut", "refused by us"} {
		if tally[name] < hostile/20 {
			t.Errorf("%d streams are %s: the damage has become too one-sided", tally[name], name)
		}
	}
	if n := tally[levels]; n > hostile/400 {
		t.Errorf("%d streams differ by levels and sizes: that explains too much", n)
	}
	if n := tally["refused by them"] + tally["another tick"]; n > hostile/10 {
		t.Errorf("%d streams that we read are not read by the parser, or otherwise: that explains too much", n)
	}
}
