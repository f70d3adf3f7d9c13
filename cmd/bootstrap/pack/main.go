// Command pack builds the zip of the Lambda function, reproducibly: the same sources, Go and files give the same bytes.
//
//	go run ./cmd/bootstrap/pack -arch arm64 -o bin/trunkline-lambda-arm64.zip [FILE…]
//
// The zip holds bootstrap and the named files at its root, such as trunkline.yaml, privacy.json and an agent file. Their times, order and
// permissions are fixed. -parts aws links the AWS SDK, which reads S3, and Secrets Manager without the extension; by default it is
// linked when a file names something there. It prints the zip's name, parts, size and SHA-256.
package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	arch := flag.String("arch", "arm64", "arm64 or amd64")
	out := flag.String("o", "", "the zip to write; bin/trunkline-lambda-ARCH.zip by default")
	parts := flag.String("parts", "auto", "aws, none, or auto: what the files need")
	flag.Parse()
	if *parts != "aws" && *parts != "none" && *parts != "auto" {
		fmt.Fprintf(os.Stderr, "pack: -parts %s: want aws, none or auto\n", *parts)
		os.Exit(2)
	}
	if *arch != "arm64" && *arch != "amd64" {
		fmt.Fprintf(os.Stderr, "pack: -arch %s: a Lambda runs on arm64 or amd64\n", *arch)
		os.Exit(2)
	}
	name := cmp.Or(*out, filepath.Join("bin", "trunkline-lambda-"+*arch+".zip"))
	aws := *parts == "aws" || *parts == "auto" && needAWS(flag.Args())
	size, sum, err := pack(name, *arch, aws, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
	linked := "no parts"
	if aws {
		linked = "aws"
	}
	fmt.Printf("%s  %s  %.2f MB  sha256:%x\n", name, linked, float64(size)/1e6, sum)
}

// needAWS tells whether a file names something that the SDK is for. A file that cannot be read is reported when it is packed.
func needAWS(files []string) bool {
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && (bytes.Contains(text, []byte("s3://")) || bytes.Contains(text, []byte("sqs:")) || bytes.Contains(text, []byte("aws-secretsmanager:")))
	})
}

// pack builds bootstrap for an architecture and writes the zip.
func pack(name, arch string, aws bool, files []string) (size int, sum [sha256.Size]byte, err error) {
	folder, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		return 0, sum, err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "bootstrap")
	if err := build(binary, arch, aws); err != nil {
		return 0, sum, err
	}
	entries := []entry{{"bootstrap", 0o755, binary}}
	for _, file := range files {
		entries = append(entries, entry{filepath.Base(file), 0o644, file})
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return 0, sum, err
	}
	zipped, err := os.Create(name)
	if err != nil {
		return 0, sum, err
	}
	hash, count := sha256.New(), &counter{}
	err = write(io.MultiWriter(zipped, hash, count), entries)
	if err = errors.Join(err, zipped.Close()); err != nil {
		return 0, sum, errors.Join(err, os.Remove(name))
	}
	return count.n, [sha256.Size]byte(hash.Sum(nil)), nil
}

// build compiles the binary: small, because reading it in is most of a cold start.
func build(binary, arch string, aws bool) error {
	tags := "lambda.norpc"
	if aws {
		tags += ",aws"
	}
	cmd := exec.Command("go", "build", "-trimpath", "-tags", tags, "-ldflags", "-s -w -buildid=", "-o", binary, "trunkline/cmd/bootstrap")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// entry is a file of the zip.
type entry struct {
	name string
	mode fs.FileMode
	path string // where its content is
}

// write writes the entries in the order of their names.
func write(w io.Writer, entries []entry) error {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for i, e := range entries {
		if i > 0 && entries[i-1].name == e.name {
			return fmt.Errorf("two files are named %s; the zip has no folders", e.name)
		}
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
		header.SetMode(e.mode)
		content, err := os.ReadFile(e.path)
		if err != nil {
			return err
		}
		in, err := z.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := in.Write(content); err != nil {
			return err
		}
	}
	return z.Close()
}

type counter struct{ n int }

func (c *counter) Write(b []byte) (int, error) {
	c.n += len(b)
	return len(b), nil
}
