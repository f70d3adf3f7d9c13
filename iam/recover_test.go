package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"trunkline/iam"
)

// wrapped is the tree of one statement with a policy supplied around it.
func wrapped(statement string) string {
	return `{"Version":"2012-10-17","Statement":[` + statement + `]}`
}

// For each recovery: the text, its problems as "line:column code", what the text looks like mended ("" when a problem has no edits),
// and the tree.
func TestRecover(t *testing.T) {
	tests := []struct {
		name     string
		text     string
		problems []string
		mended   string
		tree     string
	}{
		{"nothing wrong", `{"Statement": []}`, nil, `{"Statement": []}`, `{"Statement":[]}`},

		{"trailing comma in a list", `{"Statement": [1, ]}`, []string{"1:17 trailing comma"}, `{"Statement": [1 ]}`, `{"Statement":[1]}`},
		{"trailing comma in an object", `{"Statement": {"Sid": "a",}, }`, []string{"1:26 trailing comma", "1:28 trailing comma"}, `{"Statement": {"Sid": "a"} }`, `{"Statement":{"Sid":"a"}}`},
		{"comma in front", `{"Statement": [, , 1,, 2]}`, []string{"1:16 trailing comma", "1:22 trailing comma"}, `{"Statement": [ 1, 2]}`, `{"Statement":[1,2]}`},
		{"trailing comma, then nothing", `{"Statement": [1,`, []string{"1:17 trailing comma", "1:17 missing closer"}, `{"Statement": [1]}`, `{"Statement":[1]}`},

		{"missing comma in a list", `{"Statement": ["a" "b"]}`, []string{"1:19 missing comma"}, `{"Statement": ["a", "b"]}`, `{"Statement":["a","b"]}`},
		{"missing comma between members", "{\"Version\": \"2012-10-17\"\n\"Statement\": []}", []string{"1:25 missing comma"}, "{\"Version\": \"2012-10-17\",\n\"Statement\": []}", `{"Version":"2012-10-17","Statement":[]}`},
		{"missing comma between statements", `{"Statement": [{} {}]}`, []string{"1:18 missing comma"}, `{"Statement": [{}, {}]}`, `{"Statement":[{},{}]}`},
		{"missing colon", `{"Statement" []}`, []string{"1:13 missing colon"}, `{"Statement": []}`, `{"Statement":[]}`},
		{"equals sign", `{"Id" = "x", "Statement" => []}`, []string{"1:7 missing colon", "1:26 missing colon"}, `{"Id" : "x", "Statement" : []}`, `{"Id":"x","Statement":[]}`},

		{"missing closers at the end", `{"Statement": [{"Action": ["a:b"`, []string{"1:33 missing closer"}, `{"Statement": [{"Action": ["a:b"]}]}`, `{"Statement":[{"Action":["a:b"]}]}`},
		{"missing closers of an indented text", "{\n  \"Statement\": [\n    {\n      \"Sid\": \"a\"\n", []string{"4:17 missing closer"}, "{\n  \"Statement\": [\n    {\n      \"Sid\": \"a\"\n    }\n  ]\n}\n", `{"Statement":[{"Sid":"a"}]}`},
		{"missing brace between statements", `{"Statement": [{"Sid": "a", {"Sid": "b"}]}`, []string{"1:27 missing closer"}, `{"Statement": [{"Sid": "a"}, {"Sid": "b"}]}`, `{"Statement":[{"Sid":"a"},{"Sid":"b"}]}`},
		{"missing bracket in front of a member", `{"Statement": {"Action": ["a:b", "c:d", "Resource": "*"}}`, []string{"1:39 missing closer"}, `{"Statement": {"Action": ["a:b", "c:d"], "Resource": "*"}}`, `{"Statement":{"Action":["a:b","c:d"],"Resource":"*"}}`},
		{"missing bracket and comma in front of a member", `{"Statement": {"Action": ["a:b" "Resource": "*"}}`, []string{"1:32 missing closer", "1:32 missing comma"}, `{"Statement": {"Action": ["a:b"], "Resource": "*"}}`, `{"Statement":{"Action":["a:b"],"Resource":"*"}}`},
		{"missing bracket in front of a brace", `{"Statement": [{"Action": ["a:b"}]}`, []string{"1:33 missing closer"}, `{"Statement": [{"Action": ["a:b"]}]}`, `{"Statement":[{"Action":["a:b"]}]}`},
		{"missing brace in front of a bracket", `{"Statement": [{"Sid": "a"]}`, []string{"1:27 missing closer"}, `{"Statement": [{"Sid": "a"}]}`, `{"Statement":[{"Sid":"a"}]}`},
		{"brace for a bracket", `{"Statement": [{"Effect": "Deny", "Action": ["a:b"}, "Resource": "*"}]}`, []string{"1:51 missing closer"}, `{"Statement": [{"Effect": "Deny", "Action": ["a:b"], "Resource": "*"}]}`, `{"Statement":[{"Effect":"Deny","Action":["a:b"],"Resource":"*"}]}`},
		{"bracket for a brace", `{"Statement": [{"Principal": {"AWS": "*"], "Action": "*"}]}`, []string{"1:41 missing closer"}, `{"Statement": [{"Principal": {"AWS": "*"}, "Action": "*"}]}`, `{"Statement":[{"Principal":{"AWS":"*"},"Action":"*"}]}`},
		{"bracket too many", `{"Statement": [{"Action": ["a:b"]], "Resource": "*"}]}`, []string{"1:34 extra text"}, `{"Statement": [{"Action": ["a:b"], "Resource": "*"}]}`, `{"Statement":[{"Action":["a:b"],"Resource":"*"}]}`},
		{"missing quote at the end of a line", "{\"Id\": \"a,\n\"Statement\": []}", []string{"1:10 missing closer"}, "{\"Id\": \"a\",\n\"Statement\": []}", `{"Id":"a","Statement":[]}`},
		{"missing quote of a name", `{"Version: "2012-10-17", "Statement": []}`, []string{"1:10 missing closer"}, `{"Version": "2012-10-17", "Statement": []}`, `{"Version":"2012-10-17","Statement":[]}`},
		{"missing opening quote", `{"Statement": {"Action": [a:b", "c:d"]}}`, []string{"1:27 bad literal"}, `{"Statement": {"Action": ["a:b", "c:d"]}}`, `{"Statement":{"Action":["a:b","c:d"]}}`},
		{"missing quote and closers", `{"Statement": {"Action": ["a:b`, []string{"1:31 missing closer"}, `{"Statement": {"Action": ["a:b"]}}`, `{"Statement":{"Action":["a:b"]}}`},
		{"missing quote in front of closers", "{\"Statement\": {\"Action\": [\"{x} y],\n\"Sid\": \"s\"}}", []string{"1:33 missing closer"}, "{\"Statement\": {\"Action\": [\"{x} y\"],\n\"Sid\": \"s\"}}", `{"Statement":{"Action":["{x} y"],"Sid":"s"}}`},

		{"headless statement", `"Sid": "a" }, { "Sid": "b" }`, []string{"1:1 headless text"}, `{"Version": "2012-10-17", "Statement": [{"Sid": "a" }, { "Sid": "b" }]}`, wrapped(`{"Sid":"a"},{"Sid":"b"}`)},
		{"headless statement with its closers", ` "Sid": "a" } ] }`, []string{"1:2 headless text"}, ` {"Version": "2012-10-17", "Statement": [{"Sid": "a" } ] }`, wrapped(`{"Sid":"a"}`)},
		{"headless and endless", `"Action": ["a:b"`, []string{"1:1 headless text", "1:17 missing closer"}, `{"Version": "2012-10-17", "Statement": [{"Action": ["a:b"]}]}`, wrapped(`{"Action":["a:b"]}`)},
		{"headless policy", `"Version": "2012-10-17", "Statement": []`, []string{"1:1 headless text"}, `{"Version": "2012-10-17", "Statement": []}`, `{"Version":"2012-10-17","Statement":[]}`},
		{"closers in front", `], "Sid": "a" }`, []string{"1:1 extra text", "1:4 headless text"}, ` {"Version": "2012-10-17", "Statement": [{"Sid": "a" }]}`, wrapped(`{"Sid":"a"}`)},

		{"bare statement", `{"Sid": "a"}`, []string{"1:1 bare statement"}, `{"Version": "2012-10-17", "Statement": [{"Sid": "a"}]}`, wrapped(`{"Sid":"a"}`)},
		{"bare statement without its end", `{"Action": "a:b"`, []string{"1:1 bare statement", "1:17 missing closer"}, `{"Version": "2012-10-17", "Statement": [{"Action": "a:b"}]}`, wrapped(`{"Action":"a:b"}`)},
		{"bare list", `[{"Sid": "a"}, {"Sid": "b"}]`, []string{"1:1 bare statement"}, `{"Version": "2012-10-17", "Statement": [{"Sid": "a"}, {"Sid": "b"}]}`, wrapped(`{"Sid":"a"},{"Sid":"b"}`)},
		{"bare list without brackets", `{"Sid": "a"}, {"Sid": "b"}`, []string{"1:1 bare statement"}, `{"Version": "2012-10-17", "Statement": [{"Sid": "a"}, {"Sid": "b"}]}`, wrapped(`{"Sid":"a"},{"Sid":"b"}`)},
		{"bare list without brackets and commas", `{"Sid": "a"} {"Sid": "b"`, []string{"1:1 bare statement", "1:13 missing comma", "1:25 missing closer"}, `{"Version": "2012-10-17", "Statement": [{"Sid": "a"}, {"Sid": "b"}]}`, wrapped(`{"Sid":"a"},{"Sid":"b"}`)},
		{"bare list with its end", `{"Sid": "a"} ] }`, []string{"1:1 bare statement"}, `{"Version": "2012-10-17", "Statement": [{"Sid": "a"} ] }`, wrapped(`{"Sid":"a"}`)},
		{"members without a statement", `{"Version": "2012-10-17", "Sid": "a"}`, []string{"1:27 bare statement"}, `{"Version": "2012-10-17", "Statement": [{"Sid": "a"}]}`, wrapped(`{"Sid":"a"}`)},

		{"duplicate, other value", `{"Id": "a", "Id": "b", "Statement": []}`, []string{"1:2 duplicate key"}, "", `{"Id":"a","Id":"b","Statement":[]}`},
		{"duplicate, same value", `{"Id": "a", "Id": "a", "Statement": []}`, []string{"1:2 duplicate key"}, `{"Id": "a", "Statement": []}`, `{"Id":"a","Statement":[]}`},
		{"duplicate, escaped", `{"Id": "a", "I\u0064": "b", "Statement": []}`, []string{"1:2 duplicate key"}, "", `{"Id":"a","Id":"b","Statement":[]}`},

		{"comments", "// c\n{\"Statement\": [ # c\n  /* c */ 1, // c\n  // c\n  2 /* c\n c */]}", []string{"1:1 comment", "2:17 comment", "3:3 comment", "3:14 comment", "4:3 comment", "5:5 comment"}, "{\"Statement\": [\n   1,\n  2]}", `{"Statement":[1,2]}`},
		{"comment without end", `{"Statement": []} /* c`, []string{"1:19 comment"}, `{"Statement": []}`, `{"Statement":[]}`},
		{"ellipses", `{"Statement": [1, ..., … 2, ....]}`, []string{"1:19 ellipsis", "1:22 trailing comma", "1:24 ellipsis", "1:27 trailing comma", "1:29 ellipsis"}, `{"Statement": [1,   2 ]}`, `{"Statement":[1,2]}`},
		{"ellipsis as a value", `{"Statement": ...}`, []string{"1:14 missing value", "1:15 ellipsis"}, "", `{"Statement":null}`},

		{"smart quotes", `{“Statement”: [‘a’, „b“, 'c"d', "e”]}`, []string{"1:2 smart quote", "1:16 smart quote", "1:21 smart quote", "1:26 smart quote", "1:33 smart quote"}, `{"Statement": ["a", "b", "c\"d", "e"]}`, `{"Statement":["a","b","c\"d","e"]}`},
		{"smart quotes within", `{"Statement": ["a ”b“ 'c'"]}`, nil, `{"Statement": ["a ”b“ 'c'"]}`, `{"Statement":["a ”b“ 'c'"]}`},
		{"smart closing quote", `{"Version”: "2012-10-17", "Statement": []}`, []string{"1:2 smart quote"}, `{"Version": "2012-10-17", "Statement": []}`, `{"Version":"2012-10-17","Statement":[]}`},

		{"byte order mark", "\ufeff{\"Statement\": []}", []string{"1:1 extra text"}, `{"Statement": []}`, `{"Statement":[]}`},
		{"odd spaces", "{\"Statement\":\u00a0[]\u200b}", []string{"1:14 extra text", "1:17 extra text"}, `{"Statement": []}`, `{"Statement":[]}`},

		{"placeholders", `{"Statement": [{AWS Account ID}, <region>, arn:aws:iam::{Account}:role/*, account-id]}`, []string{"1:16 placeholder text", "1:34 placeholder text", "1:44 placeholder text", "1:75 placeholder text"}, `{"Statement": ["{AWS Account ID}", "<region>", "arn:aws:iam::{Account}:role/*", "account-id"]}`, `{"Statement":["{AWS Account ID}","<region>","arn:aws:iam::{Account}:role/*","account-id"]}`},
		{"words", `{Statement: {Effect: Allow, Action: s3:Get*, Sid: My policy}}`, []string{"1:2 bad literal", "1:14 bad literal", "1:22 bad literal", "1:29 bad literal", "1:37 bad literal", "1:46 bad literal", "1:51 bad literal"}, `{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Sid": "My policy"}}`, `{"Statement":{"Effect":"Allow","Action":"s3:Get*","Sid":"My policy"}}`},
		{"literals", `{"Statement": [True, NULL, None, 01, +1, .5, 1e2]}`, []string{"1:16 bad literal", "1:22 bad literal", "1:28 bad literal", "1:34 bad literal", "1:38 bad literal", "1:42 bad literal"}, `{"Statement": [true, null, null, "01", "+1", ".5", 1e2]}`, `{"Statement":[true,null,null,"01","+1",".5",1e2]}`},
		{"missing value", `{"Statement": , "Id"}`, []string{"1:14 missing value", "1:21 missing value"}, "", `{"Statement":null,"Id":null}`},
		{"colon too many", `{"Statement":: ["a": 2]}`, []string{"1:14 extra text", "1:20 extra text", "1:20 missing comma"}, `{"Statement": ["a", 2]}`, `{"Statement":["a",2]}`},

		{"strings", "{\"Statement\": [\"a\tb\", \"c\\d\", \"e\xfff\", \"g\\u12\", \"it\\'s\", \"h\ni\"]}", []string{"1:18 bad string", "1:25 bad string", "1:32 bad string", "1:39 bad string", "1:49 bad string", "1:57 bad string"}, `{"Statement": ["a\tb", "c\\d", "e` + "\ufffd" + `f", "g\\u12", "it's", "h\ni"]}`, `{"Statement":["a\tb","c\\d","e�f","g\\u12","it's","h\ni"]}`},

		{"text behind", `{"Statement": []}; }`, []string{"1:18 extra text"}, `{"Statement": []}`, `{"Statement":[]}`},
		{"another policy behind", `{"Statement": []} {"Statement": []}`, []string{"1:19 extra text"}, "", `{"Statement":[]}`},
		{"a fence around", "```json\n{\"Statement\": []}\n```\n", []string{"1:1 extra text", "3:1 extra text"}, "{\"Statement\": []}\n\n", `{"Statement":[]}`},

		{"nothing", " \n", []string{"1:1 no policy"}, "", "nothing"},
		{"prose", "Please attach the policy.", []string{"1:1 bad literal", "1:1 no policy"}, "", `"Please attach the policy."`},
		{"another object", `{"Resources": {}}`, []string{"1:1 no policy"}, "", `{"Resources":{}}`},
		{"a closer", `]`, []string{"1:1 no policy"}, "", "nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc := checkParse(t, test.text)
			var got []string
			for _, p := range doc.Problems {
				at := doc.Position(p.Span.Start)
				got = append(got, fmt.Sprintf("%d:%d %s", at.Line, at.Column, p.Code))
				if p.Text == "" {
					t.Errorf("Parse(%q): problem %+v says nothing", test.text, p)
				}
			}
			if !slices.Equal(got, test.problems) {
				t.Errorf("Parse(%q): got problems %q, want %q", test.text, got, test.problems)
			}
			if got := tree(doc.Root); got != test.tree {
				t.Errorf("Parse(%q): got tree %s, want %s", test.text, got, test.tree)
			}
			mended := ""
			if edits, complete := allEdits(doc.Problems); complete {
				out, err := iam.Apply([]byte(test.text), edits)
				if err != nil {
					t.Fatalf("Apply to %q: %v", test.text, err)
				}
				mended = string(out)
			}
			if mended != test.mended {
				t.Errorf("Parse(%q): mended to %q, want %q", test.text, mended, test.mended)
			}
		})
	}
}

func TestParseLimits(t *testing.T) {
	deep := func(n int) string {
		return `{"Statement":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}"
	}
	tests := []struct {
		name, text string
		want       iam.ProblemCode // of the last problem; empty for none
		most       int
	}{
		{"deep enough", deep(iam.MaxDepth), "", 0},
		{"too deep", deep(iam.MaxDepth + 1), iam.TooDeep, 1},
		{"far too deep", strings.Repeat("[", iam.MaxSize), iam.TooDeep, 1},
		{"far too deep objects", strings.Repeat(`{"a":`, iam.MaxSize/5), iam.TooDeep, 1},
		{"large enough", `{"Statement": []}` + strings.Repeat(" ", iam.MaxSize-17), "", 0},
		{"too large", strings.Repeat(" ", iam.MaxSize+1), iam.TooLarge, 1},
		{"many problems", `{"Statement": [` + strings.Repeat("x 1,", 2000) + "]}", iam.TooMany, iam.MaxProblems},
		{"commas", "{" + strings.Repeat(",", iam.MaxSize-2) + "}", iam.TrailingComma, 1},
		{"control characters", `{"Statement": "` + strings.Repeat("\x01", iam.MaxSize-20) + `"}`, iam.BadString, 1},
		{"closers in a string", `{"Statement": "` + strings.Repeat("}]", iam.MaxSize/2-8), iam.ExtraText, 2},
		{"line breaks in strings", `{"Statement": [` + strings.Repeat("\"\n,", iam.MaxSize/4), iam.TooMany, iam.MaxProblems},
		{"smart quotes", `{"Statement": [` + strings.Repeat("“\n", iam.MaxSize/4-10), iam.TooMany, iam.MaxProblems},
		{"comments", strings.Repeat("/**/ ", iam.MaxSize/5), iam.TooMany, iam.MaxProblems},
		{"placeholders", "[" + strings.Repeat("{a", iam.MaxSize/2-1), iam.TooDeep, 200},
		{"names", strings.Repeat(`"a`, iam.MaxSize/2), iam.ExtraText, 2},
		{"lists in objects", strings.Repeat(`{"a":["b","c":`, 60), iam.MissingCloser, 100},
		{"quotes", strings.Repeat(`"`, iam.MaxSize), iam.ExtraText, 2},
		{"duplicates", "{" + strings.Repeat(`"a":1,`, 100000) + `"Statement":[]}`, iam.TooMany, iam.MaxProblems},
	}
	for _, test := range tests {
		doc := iam.Parse([]byte(test.text))
		var last iam.ProblemCode
		if n := len(doc.Problems); n > 0 {
			last = doc.Problems[n-1].Code
		}
		if last != test.want || len(doc.Problems) > test.most {
			t.Errorf("%s: got %d problems, the last one %q, want at most %d and %q", test.name, len(doc.Problems), last, test.most, test.want)
		}
	}
}
