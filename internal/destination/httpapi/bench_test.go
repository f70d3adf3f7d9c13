package httpapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"trunkline/internal/collector"
	"trunkline/internal/destination/httpapi"
)

// asReceiver makes this test binary a receiver: the benchmarks count the CPU of their own process, without the receiver's.
const asReceiver = "TRUNKLINE_TEST_RECEIVER"

func TestMain(m *testing.M) {
	if os.Getenv(asReceiver) == "" {
		os.Exit(m.Run())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + listener.Addr().String())
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	io.Copy(io.Discard, os.Stdin) // until the benchmark ends
}

func receiverProcess(b *testing.B) string {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asReceiver+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	var url string
	if _, err := fmt.Fscanln(out, &url); err != nil {
		b.Fatalf("receiver: %v", err)
	}
	return url
}

// recordBody has the usual size of a contact record.
var recordBody = fmt.Appendf(nil, `{"ContactId":"00000000-0000-0000-0000-000000000000","Attributes":{"padding":%q}}`, strings.Repeat("0123456789abcdef", 295))

const inFlight = 64

// measure runs send from 64 goroutines and reports the CPU of this process for each.
func measure(b *testing.B, send func() error) {
	b.SetBytes(int64(len(recordBody)))
	b.ReportAllocs()
	b.SetParallelism(inFlight / 4)
	before := cpu()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := send(); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDeliver is one record a request over HTTP/1.1 on loopback.
func BenchmarkDeliver(b *testing.B) {
	d := open(b, httpapi.Options{
		URL: receiverProcess(b), Header: "X-Api-Key", Key: keyOf("0123456789abcdef"), Concurrency: inFlight,
		UserAgent: "trunkline/1.0.0",
	})
	defer d.Close()
	var n atomic.Int64
	measure(b, func() error {
		record := &collector.Outgoing{Body: recordBody, Key: fmt.Sprintf("%022d", n.Add(1))}
		return d.Deliver(b.Context(), []*collector.Outgoing{record})
	})
}

// BenchmarkBareClient posts the same bytes with net/http alone, as it is commonly written, with a pool that is large enough.
func BenchmarkBareClient(b *testing.B) {
	url := receiverProcess(b)
	transport := &http.Transport{MaxIdleConns: inFlight, MaxIdleConnsPerHost: inFlight, MaxConnsPerHost: inFlight}
	client := &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	var n atomic.Int64
	measure(b, func() error {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(recordBody))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		req.Header.Set("X-Api-Key", "0123456789abcdef")
		req.Header.Set("Idempotency-Key", fmt.Sprintf("%022d", n.Add(1)))
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		io.Copy(io.Discard, resp.Body)
		return resp.Body.Close()
	})
}
