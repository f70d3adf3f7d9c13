package sim_test

import (
	"fmt"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/iam/sim"
)

func ExamplePolicies_Explain() {
	policy := iam.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
	{"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::recordings/*"},
	{"Sid": "Office", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
	 "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]}`))
	compiled, err := sim.Compile(policy, iam.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	compiled.Name = "reader.json"
	policies := &sim.Policies{Identity: []*sim.Policy{compiled}}

	caller, err := sim.ParseCaller("arn:aws:iam::111122223333:user/anna")
	if err != nil {
		panic(err)
	}
	request := sim.Request{Caller: caller, Action: "s3:GetObject", Resource: "arn:aws:s3:::recordings/2026/call.wav"}
	for _, ip := range []string{"203.0.113.7", "198.51.100.7", ""} {
		if ip == "" {
			request.Context.SetUnknown("aws:SourceIp")
		} else {
			request.Context.Set("aws:SourceIp", ip)
		}
		query, err := sim.NewQuery(request, catalog.Default())
		if err != nil {
			panic(err)
		}
		explanation := policies.Explain(query)
		fmt.Println(explanation.Outcome)
		for _, s := range explanation.Statements {
			fmt.Printf("  %s:%d %s\n", s.Policy, s.Position.Line, s.Sid)
		}
		for _, f := range explanation.Missing {
			fmt.Println("  not known:", f.Text)
		}
	}
	// Output:
	// allowed
	//   reader.json:2 Read
	// explicitDeny
	//   reader.json:3 Office
	// undecided
	//   reader.json:3 Office
	//   not known: whether the request carries aws:SourceIp, and its value
}
