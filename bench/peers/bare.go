package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

// post is the bare contender: it sends each line of the file as the body of one POST, n at a time, with nothing
// but net/http. What it takes is the floor for anything in Go that delivers one record a request.
func post(ctx context.Context, url, file string, n int) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	transport := &http.Transport{MaxIdleConns: n, MaxIdleConnsPerHost: n}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}

	lines := make(chan []byte, n)
	var senders sync.WaitGroup
	for range n {
		senders.Go(func() {
			for line := range lines {
				if err := postLine(ctx, client, url, line); err != nil {
					cancel(err)
				}
			}
		})
	}
	in := bufio.NewScanner(f)
	in.Buffer(make([]byte, 1<<16), 16<<20)
	for ctx.Err() == nil && in.Scan() {
		lines <- bytes.Clone(in.Bytes())
	}
	close(lines)
	senders.Wait()
	if err := errors.Join(context.Cause(ctx), in.Err()); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	return nil
}

func postLine(ctx context.Context, client *http.Client, url string, line []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(line))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(headerName, headerValue)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("receiver answered %s", res.Status)
	}
	return nil
}
