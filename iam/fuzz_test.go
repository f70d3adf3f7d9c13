package iam_test

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	for _, src := range fuzzSeeds {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) { checkParse(t, src) })
}

var fuzzSeeds = []string{
	`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["a:b",],"Resource":"*",}],}`,
	`"Sid": "x", "Effect": "Allow" }, { "Sid": "y" } ] }`,
	`{"Sid":"x","Effect":"Allow"},{"Sid":"y"`,
	`[{"Sid":"x"},{"Effect":"Allow"`,
	`{"Version":"2012-10-17","Effect":"Allow","Action":"*","Resource":"*"}`,
	"{“Version”: “2012-10-17”, 'Statement': [ // c\n {\"Effect\": Allow, /* d */ \"Action\": s3:Get*\", ... }]}",
	`{"Version: "2012-10-17", "Statement": {"Action": ["a" "b", "Resource": "*"}`,
	"{\"a\": \"b,\n\"c\": {AWS Account ID}, \"d\": <region>, e = 1, \"f\" \"g\", \"h\": True}",
	"\ufeff{\"a\":\"\\u12\\x\tb\xff\",\"a\":1,\"a\":1}",
	"```json\n{\"Statement\":[{\"Effect\":\"Deny\"]}\n```",
}
