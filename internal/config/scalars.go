package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"filippo.io/age"

	"trunkline/contact"
	"trunkline/internal/secret"
)

// The kinds of scalars that keys.go is written in.

func text(into *string) *scalar[string] {
	return &scalar[string]{
		into: into, takes: []kind{aText}, word: "a text",
		more: object{{"minLength", 1}},
		parse: func(t string) (string, error) {
			if t == "" {
				return "", errors.New("is empty")
			}
			return t, nil
		},
		print: func(t string) string { return t },
	}
}

// localFile is the path of a file or folder on this machine.
func localFile(into *string, deflt string) value {
	s := text(into)
	s.word, s.deflt = "a path", deflt
	s.parse = func(t string) (string, error) {
		switch {
		case t == "":
			return "", errors.New("is empty")
		case t == "-":
			return "", errors.New("want a file; - stands for standard input or output nowhere but in source.file.path")
		case strings.HasPrefix(t, "s3:"):
			return "", errors.New("want a file of this machine; s3: does not stand here")
		case strings.Contains(t, "\x00"):
			return "", errors.New("a path has no NUL in it")
		}
		return t, nil
	}
	return s
}

// fileOrObject is the path of a file on this machine, or an object of S3.
func fileOrObject(into *string) value {
	s := localFile(into, "").(*scalar[string])
	s.word = "a path, or s3://BUCKET/KEY"
	local := s.parse
	s.parse = func(t string) (string, error) {
		if !strings.HasPrefix(t, "s3:") {
			return local(t)
		}
		if _, key, ok := SplitS3(t); !ok || key == "" || strings.HasSuffix(key, "/") {
			return "", errors.New("want s3://BUCKET/KEY")
		}
		return t, nil
	}
	return s
}

// bucketPrefix is where objects are in S3.
func bucketPrefix(into *string) value {
	return &scalar[string]{
		into: into, takes: []kind{aText}, word: "a place in S3 such as s3://BUCKET/PREFIX",
		more: object{{"pattern", "^s3://"}},
		parse: func(t string) (string, error) {
			if _, prefix, ok := SplitS3(t); !ok || strings.HasPrefix(prefix, "/") || len(prefix) > 512 {
				return "", errors.New("want s3://BUCKET or s3://BUCKET/PREFIX")
			}
			return strings.TrimRight(t, "/"), nil
		},
		print: func(t string) string { return t },
	}
}

var queueARN = expression(`^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(\.fifo)?$`)

// queue is the URL or the ARN of a queue.
func queue(into *string) value {
	s := address(into).(*scalar[string])
	s.word, s.more = "the URL or the ARN of a queue", object{{"pattern", "^(https?://|arn:aws)"}}
	url := s.parse
	s.parse = func(t string) (string, error) {
		if queueARN.MatchString(t) {
			return t, nil
		}
		if _, err := url(t); err != nil {
			return "", errors.New("is neither the URL nor the ARN of a queue")
		}
		return t, nil
	}
	return s
}

const (
	streamARN   = expression(`^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[A-Za-z0-9_.-]{1,128}$`)
	consumerARN = expression(`^arn:aws[a-z-]*:kinesis:[a-z0-9-]+:[0-9]{12}:stream/[A-Za-z0-9_.-]{1,128}/consumer/[A-Za-z0-9_.-]{1,128}:[0-9]+$`)
)

// consumer says how a stream is read.
func consumer(into *string) value {
	words := []string{Polling, FanOut}
	return &scalar[string]{
		into: into, takes: []kind{aText}, word: "polling, fanout or the ARN of a consumer", deflt: Polling,
		more: object{{"anyOf", []any{object{{"enum", words}}, object{{"type", "string"}, {"pattern", consumerARN.String()}}}}},
		parse: func(t string) (string, error) {
			if !slices.Contains(words, t) && !consumerARN.MatchString(t) {
				return "", fmt.Errorf("unknown consumer %s; %s", quote(t), didYouMean(t, append(words, "the ARN of a consumer")))
			}
			return t, nil
		},
		print: func(t string) string { return t },
	}
}

// beginning is a place in a stream.
func beginning(into *Start) value {
	words := []string{StartOldest, StartLatest}
	return &scalar[Start]{
		into: into, takes: []kind{aText}, word: "trim_horizon, latest or a time such as 2026-11-22T08:00:00Z", deflt: StartOldest,
		more: object{{"anyOf", []any{object{{"enum", words}}, object{{"type", "string"}, {"pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"}}}}},
		parse: func(t string) (Start, error) {
			if slices.Contains(words, t) {
				return Start{Word: t}, nil
			}
			at, err := time.Parse(time.RFC3339, t)
			if err != nil {
				return Start{}, fmt.Errorf("unknown start %s; %s", quote(t), didYouMean(t, append(words, "a time such as 2026-11-22T08:00:00Z")))
			}
			return Start{Time: at.UTC()}, nil
		},
		print: func(s Start) string {
			if s.Word == "" && !s.Time.IsZero() {
				return s.Time.Format(time.RFC3339Nano)
			}
			return s.Word
		},
	}
}

// application is a name that a DynamoDB table can have.
func application(into *string, deflt string) value {
	v := matching(into, "a name of 3 to 255 letters, digits, dots, - and _", expression(`^[A-Za-z0-9_.-]{3,255}$`)).(*scalar[string])
	v.deflt = deflt
	return v
}

var bucketName = expression(`^[a-z0-9][a-z0-9.-]+[a-z0-9]$`) // of 3 to 63 characters

// SplitS3 takes s3://BUCKET/KEY apart; the key may be empty.
func SplitS3(text string) (bucket, key string, ok bool) {
	rest, ok := strings.CutPrefix(text, "s3://")
	bucket, key, _ = strings.Cut(rest, "/")
	if !ok || !bucketName.MatchString(bucket) || len(bucket) > 63 || len(key) > 1024 || strings.ContainsFunc(key, unicode.IsControl) {
		return "", "", false
	}
	return bucket, key, true
}

func boolean(into *bool) value {
	return &scalar[bool]{
		into: into, takes: []kind{aBool}, word: "true or false",
		parse: strconv.ParseBool,
		print: func(b bool) string {
			if b {
				return "true"
			}
			return ""
		},
	}
}

func integer(into *int, least, most int, deflt string) value {
	return &scalar[int]{
		into: into, takes: []kind{aNumber}, word: "a whole number", deflt: deflt,
		more: object{{"minimum", least}, {"maximum", most}},
		parse: func(t string) (int, error) {
			n, err := strconv.Atoi(t)
			if err != nil {
				return 0, errors.New("want a whole number")
			}
			return within(n, least, most, strconv.Itoa)
		},
		print: func(n int) string {
			if n == 0 { // what holds without the key
				return ""
			}
			return strconv.Itoa(n)
		},
	}
}

func within[T cmp.Ordered](v, least, most T, print func(T) string) (T, error) {
	if v < least || v > most {
		if least == most {
			return v, fmt.Errorf("want %s", print(least))
		}
		return v, fmt.Errorf("is out of range: from %s to %s", print(least), print(most))
	}
	return v, nil
}

func duration(into *time.Duration, least, most time.Duration, deflt string) value {
	return &scalar[time.Duration]{
		into: into, takes: []kind{aText}, word: "a duration such as " + deflt, deflt: deflt,
		more: object{{"pattern", durationText.String()}},
		parse: func(t string) (time.Duration, error) {
			d, err := parseDuration(t)
			if err != nil {
				return 0, err
			}
			return within(d, least, most, formatDuration)
		},
		print: formatDuration,
	}
}

func size(into *Size, least, most Size, deflt string) value {
	return &scalar[Size]{
		into: into, takes: []kind{aText}, word: "a size such as " + deflt, deflt: deflt,
		more: object{{"pattern", sizeText.String()}},
		parse: func(t string) (Size, error) {
			s, err := parseSize(t)
			if err != nil {
				return 0, err
			}
			return within(s, least, most, Size.String)
		},
		print: Size.String,
	}
}

func rate(into *Rate) value {
	return &scalar[Rate]{
		into: into, takes: []kind{aText}, word: "a rate such as 300/s",
		more:  object{{"pattern", rateText.String()}},
		parse: parseRate, print: Rate.String,
	}
}

// choice is one word of a few. what names the thing in messages: unknown action "maks".
func choice[T ~string](into *T, what, deflt string, words ...T) value {
	known, enum := make([]string, len(words)), make([]any, len(words))
	takes := []kind{aText}
	for i, w := range words {
		known[i], enum[i] = string(w), w
	}
	if slices.Contains(known, "null") { // YAML reads the bare word as nothing
		takes, enum = append(takes, aNull), append(enum, nil)
	}
	return &scalar[T]{
		into: into, takes: takes, word: "one of " + strings.Join(known, ", "), deflt: deflt,
		more: object{{"enum", enum}},
		parse: func(t string) (T, error) {
			if !slices.Contains(known, t) {
				return "", fmt.Errorf("unknown %s %s; %s", what, quote(t), didYouMean(t, known))
			}
			return T(t), nil
		},
		print: func(t T) string { return string(t) },
	}
}

func level(into *slog.Level) value {
	known := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	words := []string{"debug", "info", "warn", "error"}
	return &scalar[slog.Level]{
		into: into, takes: []kind{aText}, word: "one of " + strings.Join(words, ", "), deflt: "info",
		more: object{{"enum", words}},
		parse: func(t string) (slog.Level, error) {
			l, found := known[t]
			if !found {
				return 0, fmt.Errorf("unknown level %s; %s", quote(t), didYouMean(t, words))
			}
			return l, nil
		},
		print: func(l slog.Level) string { return strings.ToLower(l.String()) },
	}
}

// path is a field path of records. one says that it must name one field: no *.
func path(into *contact.Path, one bool, deflt string) value {
	return &scalar[contact.Path]{
		into: into, takes: []kind{aText}, word: "a field path such as Agent.Username", deflt: deflt,
		more: object{{"minLength", 1}},
		parse: func(t string) (contact.Path, error) {
			p, err := contact.ParsePath(t)
			if err != nil {
				return nil, err
			}
			if one && slices.ContainsFunc(p, func(s contact.Segment) bool { return s.Any }) {
				return nil, errors.New("want the path of one field, without *")
			}
			return p, nil
		},
		print: contact.Path.String,
	}
}

// reference is a secret's. No message quotes it.
func reference(into *secret.Ref) value {
	return &scalar[secret.Ref]{
		into: into, takes: []kind{aText}, word: "a secret reference: " + secret.Forms,
		more:  object{{"pattern", secret.Pattern}},
		parse: secret.Parse, print: secret.Ref.String,
	}
}

func recipient(into *string) value {
	return &scalar[string]{
		into: into, takes: []kind{aText}, word: "an age recipient: age1…",
		more: object{{"pattern", "^age1"}},
		parse: func(t string) (string, error) {
			switch {
			case strings.HasPrefix(strings.ToUpper(t), "AGE-SECRET-KEY-"):
				return "", errors.New("is an age identity, which must stay secret: make a new one, and write its recipient (age1…) here")
			case strings.ContainsAny(t, "\r\n"):
				return "", errors.New("want one age recipient")
			}
			if _, err := age.ParseRecipients(strings.NewReader(t)); err != nil { // its text may quote t
				return "", errors.New("is no age recipient; make a key pair with: age-keygen")
			}
			return t, nil
		},
		print: func(t string) string { return t },
	}
}

// address is an http or https URL. Messages do not quote it: it may hold a token.
func address(into *string) value {
	return &scalar[string]{
		into: into, takes: []kind{aText}, word: "a URL such as https://api.example.com/records",
		more: object{{"pattern", "^https?://"}},
		parse: func(t string) (string, error) {
			u, err := url.Parse(t)
			switch {
			case err != nil || u.Host == "" || !strings.HasPrefix(t, "http://") && !strings.HasPrefix(t, "https://"):
				return "", errors.New("is no URL; write one such as https://api.example.com/records")
			case u.User != nil:
				return "", errors.New("has a user or password; a secret never stands in the config: use header and key")
			case u.Fragment != "":
				return "", errors.New("has a fragment (#…), which is never sent; remove it")
			}
			return t, nil
		},
		print: func(t string) string { return t },
	}
}

// listen is an address to listen on.
func listen(into *string, deflt string) value {
	const example = "127.0.0.1:9750"
	return &scalar[string]{
		into: into, takes: []kind{aText}, word: "an address or off such as " + example, deflt: deflt,
		more: object{{"pattern", "^(off|.*:[0-9]+)$"}},
		parse: func(t string) (string, error) {
			if t == "off" {
				return t, nil
			}
			_, port, err := net.SplitHostPort(t)
			if err == nil {
				_, err = strconv.ParseUint(port, 10, 16)
			}
			if err != nil {
				return "", fmt.Errorf("%s is no address; write host:port such as %s, or off", quote(t), example)
			}
			return t, nil
		},
		print: func(t string) string { return t },
	}
}

// matching is a text of one form.
func matching(into *string, word string, pattern interface {
	MatchString(string) bool
	String() string
},
) value {
	return &scalar[string]{
		into: into, takes: []kind{aText}, word: word,
		more: object{{"pattern", pattern.String()}},
		parse: func(t string) (string, error) {
			if !pattern.MatchString(t) {
				return "", fmt.Errorf("%s is not %s", quote(t), word)
			}
			return t, nil
		},
		print: func(t string) string { return t },
	}
}

// expression is a regular expression that is compiled when a text is matched: the table of keys is made for every config.
type expression string

func (e expression) String() string { return string(e) }

// MatchString tells whether the text matches.
func (e expression) MatchString(text string) bool {
	return regexp.MustCompile(string(e)).MatchString(text)
}

// marshal writes JSON without escaping what HTML would want escaped.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
