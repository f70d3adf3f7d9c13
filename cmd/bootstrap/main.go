// Command bootstrap is trunkline as an AWS Lambda function, for the runtime provided.al2023: the enrichment of an EventBridge pipe, or
// the target of a Kinesis event source mapping. See doc/lambda.md.
//
//	environment, files beside the binary ─▶ Settings ─▶ Handler ◀─ next ─ Runtime API ◀─ response, error ─
//
// Nothing is initialised that the config does not need: a config that came with the function is compiled at once, so that a mistake in
// it is an error of the function's initialisation; whatever asks another service waits for the first invocation.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"

	runtimeapi "github.com/aws/aws-lambda-go/lambda"

	"trunkline/internal/lambda"
)

func main() {
	// Libraries log what they do not expect through the default logger, and may quote what a server sent.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	level := new(slog.LevelVar)
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	function, err := newFunction(context.Background(), os.Getenv, log, level)
	if err != nil {
		log.Error("the function cannot start", "error", err.Error())
		reportInit(os.Getenv("AWS_LAMBDA_RUNTIME_API"), err)
		os.Exit(1)
	}
	runtimeapi.Start(function)
}

// function is a lambda.Handler as the Runtime API's client calls it.
type function struct {
	handler *lambda.Handler
	log     *slog.Logger
}

// Invoke logs what fails an invocation: the service shows it to the caller only.
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	answer, err := f.handler.Handle(ctx, payload)
	if err != nil {
		f.log.ErrorContext(ctx, "invocation failed", "error", err.Error())
	}
	return answer, err
}

// reportInit tells the service why the function cannot start. Where that fails, the log has it.
func reportInit(api string, cause error) {
	body, err := json.Marshal(map[string]string{"errorType": "Runtime.ConfigError", "errorMessage": cause.Error()})
	if err != nil {
		return
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+api+"/2018-06-01/runtime/init/error", strings.NewReader(string(body)))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Lambda-Runtime-Function-Error-Type", "Runtime.ConfigError")
	client := &http.Client{Transport: &http.Transport{Proxy: nil}} // the service is on this machine
	if response, err := client.Do(request); err == nil {
		response.Body.Close()
	}
}

// version is what the build knows: the module's version, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}
