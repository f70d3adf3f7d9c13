// Cedar answers the requests of a workload with cedar-go, and says how much CPU time an answer takes.
//
//	cedar WORKLOAD SECONDS
//
// The protocol is that of every contender: see ../../contender.go. The policy is not the workload's but the same one in Cedar,
// instance-administrator.cedar, with the actions of each statement as a group. Policies, entities and requests are made once.
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

//go:embed instance-administrator.cedar
var policy []byte

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cedar:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%d arguments, want WORKLOAD SECONDS", len(args))
	}
	seconds, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var workload struct {
		Principal string
		Policies  struct {
			Identity []struct{ Statement []statement }
		}
		Requests []struct{ Action, Resource string }
	}
	if err := json.Unmarshal(data, &workload); err != nil {
		return err
	}
	if len(workload.Policies.Identity) != 1 {
		return fmt.Errorf("%d identity policies, want the one that is here in Cedar", len(workload.Policies.Identity))
	}
	policies, err := cedar.NewPolicySetFromBytes("instance-administrator.cedar", policy)
	if err != nil {
		return err
	}
	entities := cedar.EntityMap{}
	var requests []cedar.Request
	for _, r := range workload.Requests {
		request := cedar.Request{
			Principal: cedar.NewEntityUID("Principal", types.String(workload.Principal)),
			Action:    cedar.NewEntityUID("Action", types.String(r.Action)),
			Resource:  cedar.NewEntityUID("Resource", types.String(r.Resource)),
		}
		entities[request.Action] = cedar.Entity{UID: request.Action, Parents: groups(workload.Policies.Identity[0].Statement, r.Action)}
		arn := cedar.NewRecord(cedar.RecordMap{"arn": types.String(r.Resource)})
		entities[request.Resource] = cedar.Entity{UID: request.Resource, Attributes: arn}
		requests = append(requests, request)
	}
	decide := func(r *cedar.Request) string {
		decision, why := cedar.Authorize(policies, entities, *r)
		switch {
		case len(why.Errors) > 0:
			return "error: " + why.Errors[0].Message
		case decision == cedar.Allow:
			return "allowed"
		case len(why.Reasons) > 0:
			return "explicitDeny"
		default:
			return "implicitDeny"
		}
	}

	var answer struct {
		Decisions []string `json:"decisions"`
		Count     int      `json:"count"`
		Seconds   float64  `json:"seconds"`
	}
	if seconds == 0 {
		requests = requests[:1]
	}
	for i := range requests {
		answer.Decisions = append(answer.Decisions, decide(&requests[i]))
	}
	if seconds > 0 {
		passes := func(limit float64) {
			began := cpu()
			for answer.Count, answer.Seconds = 0, 0; answer.Seconds < limit; answer.Seconds = (cpu() - began).Seconds() {
				for i := range requests {
					decide(&requests[i])
				}
				answer.Count += len(requests)
			}
		}
		passes(seconds)
		passes(seconds)
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// A statement is what is read of the policy in JSON: which actions a group has.
type statement struct {
	Sid    string
	Action any // a string or a list of strings; a wildcard stands at the end only
}

// groups are those that an action belongs to.
func groups(statements []statement, action string) cedar.EntityUIDSet {
	var in []cedar.EntityUID
	for _, s := range statements {
		patterns, isList := s.Action.([]any)
		if !isList {
			patterns = []any{s.Action}
		}
		for _, pattern := range patterns {
			start, wild := strings.CutSuffix(fmt.Sprint(pattern), "*")
			if action == start || wild && strings.HasPrefix(action, start) {
				in = append(in, cedar.NewEntityUID("Action", types.String(s.Sid)))
			}
		}
	}
	return cedar.NewEntityUIDSet(in...)
}

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // cannot happen: the arguments are right
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
