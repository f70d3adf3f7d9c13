package httpapi_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"trunkline/internal/destination/httpapi"
)

func TestValidate(t *testing.T) {
	key := keyOf("k")
	for _, c := range []struct {
		o    httpapi.Options
		want string // in the error; empty: valid
	}{
		{httpapi.Options{URL: "https://api.example.com/v2"}, ""},
		{httpapi.Options{URL: "HTTPS://api.example.com:8443/v2?tenant=1"}, ""},
		{httpapi.Options{URL: "http://127.0.0.1:8080"}, ""},
		{httpapi.Options{URL: "http://127.9.9.9"}, ""},
		{httpapi.Options{URL: "http://[::1]:80/"}, ""},
		{httpapi.Options{URL: "http://localhost/"}, ""},
		{httpapi.Options{URL: "http://api.example.com/", Plaintext: true}, ""},
		{httpapi.Options{URL: "https://api.example.com/", Header: "Operata-API-Key", Key: key}, ""},
		{httpapi.Options{}, "destination.http.url: missing"},
		{httpapi.Options{URL: "api.example.com"}, "destination.http.url: not of the form"},
		{httpapi.Options{URL: "https://"}, "destination.http.url: not of the form"},
		{httpapi.Options{URL: "https:api.example.com"}, "destination.http.url: not of the form"},
		{httpapi.Options{URL: "https://api.example.com/#top"}, "destination.http.url: not of the form"},
		{httpapi.Options{URL: "https://:443/"}, "destination.http.url: not of the form"},
		{httpapi.Options{URL: "https://api example.com/secret"}, "destination.http.url: not of the form"},
		{httpapi.Options{URL: "https://me:secret@api.example.com/"}, "destination.http.url: holds a user name or password"},
		{httpapi.Options{URL: "https://me:secret /"}, "destination.http.url: not of the form"},
		{httpapi.Options{URL: "https://api.example.com:0/"}, "destination.http.url: the port"},
		{httpapi.Options{URL: "https://api.example.com:70000/"}, "destination.http.url: the port"},
		{httpapi.Options{URL: "ftp://api.example.com/"}, `destination.http.url: scheme "ftp"`},
		{httpapi.Options{URL: "http://api.example.com/"}, "destination.http.plaintext"},
		{httpapi.Options{URL: "http://localhost.example.com/"}, "destination.http.plaintext"},
		{httpapi.Options{URL: "http://10.0.0.1/"}, "destination.http.plaintext"},
		{httpapi.Options{URL: "https://a.example/", Header: "Two Words", Key: key}, "destination.http.header: "},
		{httpapi.Options{URL: "https://a.example/", Header: "X:Y", Key: key}, "destination.http.header: "},
		{httpapi.Options{URL: "https://a.example/", Header: "Clé", Key: key}, "destination.http.header: "},
		{httpapi.Options{URL: "https://a.example/", Header: "idempotency-key", Key: key}, "destination.http.header: "},
		{httpapi.Options{URL: "https://a.example/", Header: "X-Key"}, "destination.http.key: missing"},
		{httpapi.Options{URL: "https://a.example/", Key: key}, "destination.http.header: missing"},
		{httpapi.Options{URL: "https://a.example/", Rate: -1}, "destination.http.rate: "},
		{httpapi.Options{URL: "https://a.example/", Rate: math.NaN()}, "destination.http.rate: "},
		{httpapi.Options{URL: "https://a.example/", Timeout: -time.Second}, "destination.http.timeout: "},
		{httpapi.Options{URL: "https://a.example/", Concurrency: -1}, "destination.http.concurrency: "},
		{httpapi.Options{URL: "https://a.example/", Concurrency: 1 << 20}, "destination.http.concurrency: "},
		{httpapi.Options{URL: "https://a.example/", Batch: -1}, "destination.http.batch: "},
	} {
		err := c.o.Validate()
		switch {
		case (err == nil) != (c.want == ""), err != nil && !strings.Contains(err.Error(), c.want):
			t.Errorf("Validate %+v: got %v, want %q", c.o, err, c.want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("Validate %+v: got %v, want nothing of the URL quoted", c.o, err)
		}
		if _, made := httpapi.New(c.o); (made == nil) != (err == nil) {
			t.Errorf("New %+v: got %v, want as Validate: %v", c.o, made, err)
		}
	}
}
