package policyfile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trunkline/iam"
)

// covered lists for each Ignore of a text the lines on which it covers something.
func covered(t *testing.T, name, data string) (lines []string) {
	t.Helper()
	seen := map[*Ignore]map[int]bool{}
	var order []*Ignore
	for f, err := range Scan(name, []byte(data), Options{}) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, i := range f.Ignores {
			if seen[i] == nil {
				seen[i] = map[int]bool{}
				order = append(order, i)
			}
			for at := range f.Document.Source {
				if i.Covers(f, at) {
					seen[i][f.Position(at).Line] = true
				}
			}
		}
	}
	for _, i := range order {
		first, last := 0, 0
		for line := range seen[i] {
			if first == 0 || line < first {
				first = line
			}
			last = max(last, line)
		}
		lines = append(lines, fmt.Sprintf("%d:%d %s %q: %d-%d", i.Position.Line, i.Position.Column, strings.Join(i.Codes, ","), i.Reason, first, last))
	}
	return lines
}

func TestIgnores(t *testing.T) {
	template := `Resources:
  # trunkline:ignore A_B the whole role
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole # trunkline:ignore C on its line
            Principal: {Service: x}
      Policies:
        - PolicyDocument:
            Statement:
              # trunkline:ignore D,E two codes

              # and a remark
              - Effect: Allow
                Action:
                - s3:GetObject
              - Effect: Deny
                # trunkline:ignore F
                Action:
                - s3:*
                Resource: "# trunkline:ignored by nobody"
`
	page := "<!-- trunkline:ignore A a reason -->\n\n```json\n" + onePolicy + "\n```\n\n> ```json\n> " + onePolicy + "\n> ```\n"
	tests := []struct {
		name, data string
		want       []string
	}{
		{"a.yaml", template, []string{
			`2:3 A_B "the whole role": 7-24`,
			`9:36 C "on its line": 9-9`,
			`14:15 D,E "two codes": 17-19`,
			`21:17 F "": 22-23`,
		}},
		{"a.md", page, []string{`1:1 A "a reason": 4-4`}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(covered(t, test.name, test.data), test.want); diff != "" {
			t.Errorf("%s: %s: got (-), want (+):\n%s", test.name, test.data, diff)
		}
	}
}

func TestIgnoresInJSON(t *testing.T) {
	data := `{
  "Statement": [
    // trunkline:ignore A a statement
    {
      "Effect": "Allow", // trunkline:ignore B a line
      "Action": [ /* trunkline:ignore C a list */
        "s3:*"
      ]
    }
  ]
}`
	want := []string{
		`3:5 A "a statement": 4-9`,
		`5:26 B "a line": 5-5`,
		`6:19 C "a list": 6-8`,
	}
	if diff := cmp.Diff(covered(t, "a.json", data), want); diff != "" {
		t.Errorf("%s: got (-), want (+):\n%s", data, diff)
	}
}

func TestReadIgnores(t *testing.T) {
	lay(t, map[string]string{
		"sub/role.json": `{"Statement": [{"Sid": "One", "Effect": "Allow"}, {"Sid": "Two", "Effect": "Deny"}]}`,
		"b.json":        onePolicy,
		"good.yaml":     "ignore:\n- code: A\n  file: sub\n  reason: why\n- {code: [B, C], file: '*.json', sid: Two}\n- {code: D, file: sub/role.json, sid: Two, where: '', reason: x}\n",
		"sid.yaml":      "ignore:\n- {code: D, file: sub/role.json, sid: Two, reason: x}\n- {code: E, file: sub/role.json, where: block 1, reason: x}\n",
		"empty.yaml":    "",
		"key.yaml":      "ignore:\n- {code: A, file: ., reason: x, until: x}\n",
		"list.yaml":     "ignore: {code: A}\n",
		"other.yaml":    "suppress: []\n",
		"bare.yaml":     "ignore:\n- code: A\n  reason: x\n",
	})
	for name, want := range map[string]string{
		"good.yaml":    "good.yaml:6: where: want a text",
		"key.yaml":     `key.yaml:2: unknown key "until"; want code, file, where, sid or reason`,
		"list.yaml":    "list.yaml:1: want a list of entries, each with code, file and reason",
		"other.yaml":   "other.yaml:1: want one key, ignore: with a list of entries, each with code, file and reason",
		"bare.yaml":    "bare.yaml:2: an entry needs code, file and reason; file: . is the whole folder",
		"missing.yaml": "open missing.yaml: no such file or directory",
		"empty.yaml":   "<nil>",
	} {
		if _, err := ReadIgnores(name); fmt.Sprint(err) != want {
			t.Errorf("ReadIgnores(%s): got %v, want %s", name, err, want)
		}
	}
	ignores, err := ReadIgnores("sid.yaml")
	if err != nil || len(ignores) != 2 {
		t.Fatalf("ReadIgnores(sid.yaml) = %v, %v, want two entries", ignores, err)
	}
	var got []string
	for f, err := range Read(t.Context(), []string{"sub", "b.json"}, nil, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range ignores {
			for n, s := range f.Document.Statements {
				if i.Covers(f, s.Node.Span.Start) {
					got = append(got, fmt.Sprint(i.Codes, f.File, n))
				}
			}
		}
	}
	if diff := cmp.Diff(got, []string{"[D]sub/role.json1"}); diff != "" {
		t.Errorf("covered: got (-), want (+):\n%s", diff)
	}
}

func TestMatchPath(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
	}{
		{"a.json", "a.json", true},
		{"./a.json", "a.json", true},
		{"sub", "sub/deep/a.json", true},
		{"sub/*.json", "sub/a.json", true},
		{"sub/*.json", "sub/deep/a.json", false},
		{".", "a.json", true},
		{".", "-", false},
		{"b.json", "a.json", false},
		{"su", "sub/a.json", false},
	}
	for _, test := range tests {
		if got := matchPath(test.pattern, test.path); got != test.want {
			t.Errorf("matchPath(%q, %q) = %v, want %v", test.pattern, test.path, got, test.want)
		}
	}
}

// What is found in any text stands in the text: positions are within it and in order, and edits of what can be edited, at
// the offsets where it stands letter by letter, hit the same letters.
func FuzzScan(f *testing.F) {
	names := []string{"a.json", "a.yaml", "a.md", "-"}
	for i, text := range []string{onePolicy, oneTrust, page, "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies:\n      - PolicyDocument: !Sub |\n          {\"Statement\": \"${A}\"}\n", `{"format_version": "1", "values": {"root_module": {"resources": [{"type": "aws_iam_policy", "values": {"policy": "{\"Statement\":\u00e9"}}]}}}`} {
		f.Add(byte(i), text)
	}
	f.Fuzz(func(t *testing.T, which byte, text string) {
		name := names[int(which)%len(names)]
		for found, err := range Scan(name, []byte(text), Options{}) {
			if err != nil {
				continue
			}
			source := found.Document.Source
			for at := range source {
				p := found.Position(at)
				if p.Offset < 0 || p.Offset > len(text) || p.Line < 1 || p.Column < 1 {
					t.Fatalf("%s: %q: offset %d of %s stands at %+v", name, text, at, found.Where, p)
				}
				start, end := found.Span(iam.Span{Start: at, End: at + 1})
				if end.Offset < start.Offset || end.Offset > len(text) {
					t.Fatalf("%s: %q: the span of byte %d of %s is %d to %d", name, text, at, found.Where, start.Offset, end.Offset)
				}
				if found.ReadOnly == "" && text[p.Offset] != source[at] {
					t.Fatalf("%s: %q: byte %d of %s is %q, in the file %q", name, text, at, found.Where, source[at], text[p.Offset])
				}
			}
		}
	})
}
