package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/config"
	"trunkline/internal/lambda"
)

// newFunction makes the function that the environment describes. The error says which variable or file to change, and shows no value
// that could be a secret.
func newFunction(ctx context.Context, env func(string) string, log *slog.Logger, level *slog.LevelVar) (*function, error) {
	if root := env("LAMBDA_TASK_ROOT"); root != "" {
		if err := os.Chdir(root); err != nil { // paths in the config are relative to where the config is
			return nil, fmt.Errorf("LAMBDA_TASK_ROOT: %w", err)
		}
	}
	form, err := answerForm(env("TRUNKLINE_ANSWER"))
	if err != nil {
		return nil, err
	}
	most, err := answerMax(env("TRUNKLINE_ANSWER_MAX"))
	if err != nil {
		return nil, err
	}
	settings, err := newSettings(env, log, level)
	if err != nil {
		return nil, err
	}
	if err := settings.Check(ctx); err != nil {
		return nil, err
	}
	handler := lambda.New(lambda.Options{Settings: settings, Form: form, Most: most, Log: log, UserAgent: "trunkline/" + version()})
	return &function{handler, log}, nil
}

func answerForm(text string) (lambda.Form, error) {
	switch text {
	case "", "record":
		return lambda.Record, nil
	case "envelope":
		return lambda.Envelope, nil
	}
	return 0, fmt.Errorf("TRUNKLINE_ANSWER=%s: want record or envelope", text)
}

func answerMax(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	most, err := strconv.Atoi(text)
	if err != nil || most < 1 || most > 10_000 { // the most that any target takes
		return 0, fmt.Errorf("TRUNKLINE_ANSWER_MAX=%.20s: want a whole number from 1 to 10000", text)
	}
	return most, nil
}

// The configs that are looked for beside the binary when TRUNKLINE_CONFIG names none.
var bundled = [...]string{"trunkline.yaml", "privacy.json"}

// newSettings finds the config: where TRUNKLINE_CONFIG says, else beside the binary, else the minimum set.
func newSettings(env func(string) string, log *slog.Logger, level *slog.LevelVar) (*lambda.Settings, error) {
	place := env("TRUNKLINE_CONFIG")
	o := lambda.SettingsOptions{Extension: newExtension(env), Log: log, Level: level, Now: time.Now}
	if linked {
		o.Services, o.Letters = newServices, openLetters
	}
	switch {
	case strings.HasPrefix(place, "https://"):
		origin, err := newOrigin(place, env, o.Extension)
		if err != nil {
			return nil, err
		}
		return lambda.Fetched(origin, o), nil
	case strings.HasPrefix(place, "s3:"):
		bucket, key, ok := config.SplitS3(place)
		if !ok || key == "" {
			return nil, errors.New("TRUNKLINE_CONFIG: want s3://BUCKET/KEY")
		}
		if !linked {
			return nil, errors.New("TRUNKLINE_CONFIG: this build of the function cannot read S3; build it with: make lambda PARTS=aws")
		}
		return lambda.Fetched(&lambda.Object{Remote: newServices(config.AWS{}).Objects(bucket, key), Name: place}, o), nil
	case strings.Contains(place, "://"):
		return nil, errors.New("TRUNKLINE_CONFIG: want a file of the function, an https:// URL, or s3://BUCKET/KEY")
	}
	name, text, err := readBundled(place)
	if err != nil {
		return nil, err
	}
	c, err := config.ParseLambda(name, text)
	if err != nil {
		return nil, err
	}
	return lambda.Bundled(c, o), nil
}

// minimum is the config of a function that has none.
const minimum = "version: 1\n"

func readBundled(place string) (name string, text []byte, err error) {
	if place != "" {
		if text, err = os.ReadFile(place); err != nil {
			return "", nil, fmt.Errorf("TRUNKLINE_CONFIG: %w", err)
		}
		return place, text, nil
	}
	for _, name := range bundled {
		switch text, err := os.ReadFile(name); {
		case err == nil:
			return name, text, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", nil, err
		}
	}
	return "the config of a function without one", []byte(minimum), nil
}

// groupID tells the id of a group, which becomes part of a secret's name.
func groupID(text string) bool {
	return len(text) <= 64 && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}

// newOrigin makes the place of a config on a web server. operata.io wants the key of the group, which the collector guide keeps in a
// secret: OPERATA_API_KEY is the secret's name, and without it OPERATA_GROUP_ID makes the published one.
func newOrigin(address string, env func(string) string, extension *lambda.Extension) (lambda.Origin, error) {
	origin, err := lambda.NewHTTPS(address)
	if err != nil {
		return nil, fmt.Errorf("TRUNKLINE_CONFIG: %w", err)
	}
	name, group := env("OPERATA_API_KEY"), env("OPERATA_GROUP_ID")
	if name == "" && group != "" {
		if !groupID(group) {
			return nil, errors.New("OPERATA_GROUP_ID: want letters, digits, - and _")
		}
		name = "cloud-collector-v3/ctr/" + group + "/apiToken"
	}
	if name == "" {
		return origin, nil
	}
	secrets := &lambda.Secrets{Extension: extension}
	if linked {
		secrets.Service = newServices(config.AWS{}).Secrets
	}
	origin.Key = func(ctx context.Context) (string, error) {
		key, err := secrets.Secret(ctx, name)
		if err != nil {
			return "", fmt.Errorf("the secret that OPERATA_API_KEY or OPERATA_GROUP_ID names cannot be read%s", code(err))
		}
		return key, nil
	}
	return origin, nil
}

// code is what an error says without the name of the secret, which may be the key itself, written in the wrong place.
func code(err error) string {
	if code := serviceCode(err); code != "" {
		return ": secretsmanager:GetSecretValue: " + code
	}
	if errors.Is(err, lambda.ErrNoExtension) {
		return ": " + lambda.ErrNoExtension.Error()
	}
	return "; does it exist, and does the function's role have secretsmanager:GetSecretValue on it?"
}

func newExtension(env func(string) string) *lambda.Extension {
	return &lambda.Extension{
		Port: env("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"), Token: env("AWS_SESSION_TOKEN"), Expected: extensionExpected(env),
	}
}

// extensionExpected tells whether the function has a layer with extensions, or a port is set for one.
func extensionExpected(env func(string) string) bool {
	if env("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT") != "" {
		return true
	}
	layers, err := os.ReadDir("/opt/extensions")
	return err == nil && len(layers) > 0
}
