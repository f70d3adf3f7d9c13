package emulators

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// call posts an operation in the JSON protocol that AWS's query services share.
func call(t *testing.T, base, target, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", target)
	protocol := "1.0"
	if strings.HasPrefix(target, "Kinesis_") {
		protocol = "1.1"
	}
	request.Header.Set("Content-Type", "application/x-amz-json-"+protocol)
	request.Header.Set("X-Amz-Date", "20260101T000000Z")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-2/secretsmanager/aws4_request, SignedHeaders=host, Signature=x")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %s (%v)", target, response.StatusCode, text, err)
	}
	return string(text)
}

// Each of the servers answers an operation, and only this machine can reach it.
func TestAWS(t *testing.T) {
	for _, test := range []struct {
		name         string
		start        func(testing.TB) string
		target, body string
		want         string
	}{
		{"moto", Moto, "secretsmanager.CreateSecret", `{"Name":"a/b","SecretString":"x","ClientRequestToken":"11111111-2222-3333-4444-555555555555"}`, `"Name": "a/b"`},
		{"fauxqs", Fauxqs, "AmazonSQS.CreateQueue", `{"QueueName":"letters"}`, "/letters"},
		{"kinesis-mock", Kinesis, "Kinesis_20131202.ListStreams", `{}`, `"HasMoreStreams":false`},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := test.start(t)
			if got := call(t, base, test.target, test.body); !strings.Contains(got, test.want) {
				t.Errorf("%s: got %s, want %s", test.target, got, test.want)
			}
			u, err := url.Parse(base)
			if err != nil {
				t.Fatal(err)
			}
			addresses, err := net.InterfaceAddrs()
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range addresses {
				network, ok := a.(*net.IPNet)
				if !ok || network.IP.IsLoopback() || network.IP.To4() == nil {
					continue
				}
				address := net.JoinHostPort(network.IP.String(), u.Port())
				if conn, err := net.Dial("tcp", address); err == nil {
					conn.Close()
					t.Errorf("%s answers at %s too", test.name, fmt.Sprint(address))
				}
			}
		})
	}
}

// A client that gives up in the middle of a request does not end the server for all others.
func TestDynamoDBOutlivesClients(t *testing.T) {
	base := DynamoDB(t)
	address := strings.TrimPrefix(base, "http://")
	for range 50 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		// A reset, as by a process that was killed.
		if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	for range 20 {
		if got := call(t, base, "DynamoDB_20120810.ListTables", "{}"); !strings.Contains(got, "TableNames") {
			t.Fatalf("got %s", got)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
