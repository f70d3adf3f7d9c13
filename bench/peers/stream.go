package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const (
	streamName   = "records"
	streamShards = 4
	streamARN    = "arn:aws:kinesis:eu-west-2:111122223333:stream/" + streamName
)

// cloud is a Kinesis and a DynamoDB on loopback, played by kinesis-mock and dynalite, which the main module's tests install.
type cloud struct {
	url  string // of both: Bento takes one for all of AWS
	stop func()
}

func startCloud(ctx context.Context, stderr io.Writer) (c *cloud, err error) {
	folder, err := filepath.Abs(filepath.Join("..", "..", "test", "emulators"))
	if err != nil {
		return nil, err
	}
	mock := filepath.Join(folder, "node_modules", "kinesis-local")
	if _, err := os.Stat(mock); err != nil {
		if err := tool(ctx, stderr, stderr, "npm", "--prefix", folder, "ci"); err != nil {
			return nil, fmt.Errorf("install kinesis-mock and dynalite (call this from bench/peers): %w", err)
		}
	}
	var running []*exec.Cmd
	stop := func() {
		for _, cmd := range running {
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()

	plain, err := freePort()
	if err != nil {
		return nil, err
	}
	secure, err := freePort()
	if err != nil {
		return nil, err
	}
	stream := exec.CommandContext(ctx, "node", "--require", filepath.Join(folder, "loopback.cjs"), filepath.Join(mock, "main.js"))
	stream.Env = append(os.Environ(), "AWS_ACCOUNT_ID=111122223333", "LOG_LEVEL=ERROR", "CREATE_STREAM_DURATION=100ms",
		"KINESIS_MOCK_CERT_PATH="+filepath.Join(mock, "server.json"),
		fmt.Sprintf("KINESIS_MOCK_PLAIN_PORT=%d", plain), fmt.Sprintf("KINESIS_MOCK_TLS_PORT=%d", secure))
	if err := stream.Start(); err != nil {
		return nil, fmt.Errorf("start kinesis-mock: %w", err)
	}
	running = append(running, stream)

	table := exec.CommandContext(ctx, "node", "dynalite.mjs")
	table.Dir, table.Stderr = folder, stderr
	if _, err := table.StdinPipe(); err != nil { // it ends with its standard input
		return nil, err
	}
	out, err := table.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := table.Start(); err != nil {
		return nil, fmt.Errorf("start dynalite: %w", err)
	}
	running = append(running, table)
	line, err := bufio.NewReader(out).ReadString('\n')
	port, listening := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !listening {
		return nil, fmt.Errorf("start dynalite: it says %q (%w)", line, err)
	}
	kinesisURL := fmt.Sprintf("http://127.0.0.1:%d", plain)
	if err := answers(kinesisURL + "/healthcheck"); err != nil {
		return nil, fmt.Errorf("start kinesis-mock: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	front := exec.CommandContext(ctx, self, "front", kinesisURL, "http://127.0.0.1:"+port)
	front.Stderr = stderr
	if out, err = front.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := front.Start(); err != nil {
		return nil, err
	}
	running = append(running, front)
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, err
	}
	return &cloud{url: strings.TrimSpace(url), stop: stop}, nil
}

func answers(url string) error {
	for range 200 {
		response, err := http.Get(url)
		if err == nil {
			return response.Body.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s does not answer", url)
}

// front is the process that takes calls of both services at one URL, which it writes as a line to out.
func front(out io.Writer, kinesisURL, dynamodbURL string) error {
	targets := map[bool]*url.URL{}
	for stream, text := range map[bool]string{true: kinesisURL, false: dynamodbURL} {
		u, err := url.Parse(text)
		if err != nil {
			return err
		}
		targets[stream] = u
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(targets[strings.HasPrefix(r.In.Header.Get("X-Amz-Target"), "Kinesis_")])
		},
	}}
	return server.Serve(listener)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

// fill makes the stream and puts the records into it, one a Kinesis record, those of a contact in one shard.
func (c *cloud) fill(ctx context.Context, records string) error {
	sdk := kinesis.New(kinesis.Options{
		Region: "eu-west-2", BaseEndpoint: &c.url, Credentials: credentials.NewStaticCredentialsProvider("BENCH", "secret", ""),
	})
	if _, err := sdk.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String(streamName), ShardCount: aws.Int32(streamShards)}); err != nil {
		return fmt.Errorf("make the stream: %w", err)
	}
	if err := kinesis.NewStreamExistsWaiter(sdk).Wait(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String(streamName)}, time.Minute); err != nil {
		return fmt.Errorf("make the stream: %w", err)
	}
	f, err := os.Open(records)
	if err != nil {
		return fmt.Errorf("fill the stream: %w", err)
	}
	defer f.Close()
	var batch []types.PutRecordsRequestEntry
	size := 0
	put := func() error {
		if len(batch) == 0 {
			return nil
		}
		out, err := sdk.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: aws.String(streamName), Records: batch})
		if err == nil && aws.ToInt32(out.FailedRecordCount) > 0 {
			err = fmt.Errorf("%d records were refused", *out.FailedRecordCount)
		}
		batch, size = batch[:0], 0
		return err
	}
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 1<<16), 16<<20)
	for in.Scan() {
		var record struct{ ContactID string }
		if err := json.Unmarshal(in.Bytes(), &record); err != nil {
			return fmt.Errorf("fill the stream: %w", err)
		}
		batch = append(batch, types.PutRecordsRequestEntry{Data: bytes.Clone(in.Bytes()), PartitionKey: aws.String("p" + record.ContactID)})
		if size += len(in.Bytes()); len(batch) == 200 || size > 3<<20 {
			if err := put(); err != nil {
				return fmt.Errorf("fill the stream: %w", err)
			}
		}
	}
	if err := errors.Join(in.Err(), put()); err != nil {
		return fmt.Errorf("fill the stream: %w", err)
	}
	return nil
}

// streamJob runs the contenders from Kinesis to HTTP, each against a stream, a lease table and a receiver of its own. A run has ended
// when the receiver has had as many requests as there are calls among the records.
func (b *bench) streamJob(ctx context.Context) (results []result, err error) {
	if b.bentoAWS == "" {
		b.bentoAWS = b.path("bento-aws")
		if err := tool(ctx, b.stderr, nil, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", b.bentoAWS, "./bento/aws"); err != nil {
			return nil, fmt.Errorf("build Bento with its AWS components (call this from bench/peers): %w", err)
		}
	}
	calls, err := countCalls(b.records)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"trunkline", "Bento"} {
		if name == "trunkline" && b.trunkline == "" {
			continue
		}
		r, err := b.streamRun(ctx, name, calls)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		results = append(results, r)
	}
	return results, nil
}

func (b *bench) streamRun(ctx context.Context, name string, calls int) (r result, err error) {
	c, err := startCloud(ctx, b.stderr)
	if err != nil {
		return r, err
	}
	defer c.stop()
	if err := c.fill(ctx, b.records); err != nil {
		return r, err
	}
	bodies := b.path("jsonl")
	receiver, err := startReceiver(ctx, b.stderr, bodies, calls)
	if err != nil {
		return r, err
	}
	var u usage
	if name == "trunkline" {
		job := b.job(receiver.url, false)
		job.stream = c
		var config string
		if config, err = writeTrunkline(b.path("trunkline"), job); err == nil {
			u, err = measureUntil(ctx, receiver.all, []string{"AWS_ACCESS_KEY_ID=BENCH", "AWS_SECRET_ACCESS_KEY=secret"}, b.trunkline, "run", "-c", config)
		}
	} else {
		var config string
		if config, err = b.writeBento("kinesis"); err == nil {
			u, err = measureUntil(ctx, receiver.all, []string{
				"AWS=" + c.url, "STREAM=" + streamName, "TOKEN_KEY=" + tokenKey,
				"URL=" + receiver.url, "HEADER=" + headerName, "HEADER_VALUE=" + headerValue,
			}, b.bentoAWS, "-c", config)
		}
	}
	seen, stopErr := receiver.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return r, err
	}
	if seen.Wrong > 0 {
		return r, fmt.Errorf("sent %d requests without the right method, body or header", seen.Wrong)
	}
	r = result{name: name, usage: u, counts: seen, digests: bodies}
	return r, b.digest(ctx, &r)
}

// measureUntil is measure for a process that does not end by itself: it is interrupted when done returns, and the time to there is its
// wall time.
func measureUntil(ctx context.Context, done func() error, env []string, name string, args ...string) (usage, error) {
	var log tail
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &log, &log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	all := make(chan error, 1)
	go func() { all <- done() }()
	select {
	case err := <-ended:
		return usage{}, fmt.Errorf("%s ended before it had delivered all (%w); it wrote:\n%s", name, err, log.end)
	case err := <-all:
		if err != nil {
			_ = cmd.Process.Kill()
			return usage{}, errors.Join(err, <-ended)
		}
	}
	wall := time.Since(began)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return usage{}, err
	}
	<-ended // however it takes being told to stop
	u := usageOf(cmd.ProcessState, &log)
	u.wall = wall
	return u, ctx.Err()
}

// countCalls counts the records that the job keeps.
func countCalls(path string) (n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("count calls: %w", err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 1<<16), 16<<20)
	for in.Scan() {
		var record struct{ Channel string }
		if err := json.Unmarshal(in.Bytes(), &record); err != nil {
			return 0, fmt.Errorf("count calls: %w", err)
		}
		if record.Channel == "VOICE" {
			n++
		}
	}
	return n, in.Err()
}
