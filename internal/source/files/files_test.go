package files

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func read(t testing.TB, s *Source) (texts []string) {
	t.Helper()
	for {
		b, err := s.Read(context.Background())
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		for _, r := range b.Records {
			if r.Problem != nil {
				texts = append(texts, "!"+r.Problem.Error())
			} else {
				texts = append(texts, string(r.Data))
			}
		}
		b.Release()
	}
}

func TestSmoke(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	os.WriteFile(path, []byte("{\"a\":1}\n{\"b\":{\"x\":[{}]}}{\"c\":2}\n\n{\"d\":\n{\"e\":1}\nfoo\n[1,\"2\",{\"z\":3}]\n{\"Records\":[{\"eventSource\":\"aws:kinesis\",\"kinesis\":{\"data\":\"e30=\"}}]}\n{\"last\":"), 0o600)
	s, err := Open(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range read(t, s) {
		fmt.Printf("%q\n", r)
	}
}

func BenchmarkJSONLines(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.jsonl")
	f, _ := os.Create(path)
	line := []byte(`{"AWSAccountId":"111122223333","Agent":{"ARN":"arn:aws:connect:eu-west-2:111122223333:instance/x/agent/y","AfterContactWorkDuration":12,"Username":"a","RoutingProfile":{"ARN":"arn","Name":"Basic"}},"Attributes":{"a":"b","c":"d"},`)
	for len(line) < 4700 {
		line = append(line, `"QueueThing":{"ARN":"arn:aws:connect:eu-west-2:111122223333:instance/x/queue/y","DequeueTimestamp":"2026-01-01T00:00:00Z","Duration":123},`...)
	}
	line = append(line, "\"Z\":1}\n"...)
	const n = 20000
	for range n {
		f.Write(line)
	}
	f.Close()
	b.SetBytes(int64(n * len(line)))
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(Options{Path: path})
		if err != nil {
			b.Fatal(err)
		}
		count := 0
		for {
			batch, err := s.Read(b.Context())
			if err == io.EOF {
				break
			}
			count += len(batch.Records)
			batch.Release()
		}
		if count != n {
			b.Fatal(count)
		}
		s.Close()
	}
}
