package lint

import "fmt"

// passers are calls that start something of the caller's own with a role that it passes. One of the actions is enough.
var passers = [...]struct {
	service string
	actions []string
	does    string // what the caller does with them
}{
	{"lambda", []string{"CreateFunction", "UpdateFunctionConfiguration"}, "give it to a function with code of its own"},
	{"ec2", []string{"RunInstances", "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"}, "give it to an instance that it can log in to"},
	{"ecs", []string{"RegisterTaskDefinition"}, "give it to a task with an image of its own"},
	{"batch", []string{"RegisterJobDefinition"}, "give it to a job with an image of its own"},
	{"cloudformation", []string{"CreateStack", "UpdateStack", "CreateChangeSet"}, "have it create what a template of its own says"},
	{"glue", []string{"CreateJob", "UpdateJob", "CreateSession", "CreateDevEndpoint"}, "give it to a job with a script of its own"},
	{"sagemaker", []string{"CreateNotebookInstance", "CreateTrainingJob", "CreateProcessingJob"}, "give it to a notebook or a job of its own"},
	{"codebuild", []string{"CreateProject", "UpdateProject"}, "give it to a build with commands of its own"},
	{"states", []string{"CreateStateMachine", "UpdateStateMachine"}, "give it to a state machine that makes any call"},
	{"scheduler", []string{"CreateSchedule", "UpdateSchedule"}, "give it to a schedule that makes any call"},
	{"pipes", []string{"CreatePipe", "UpdatePipe"}, "give it to a pipe to a target of its own"},
	{"ssm", []string{"StartAutomationExecution"}, "give it to a runbook that makes any call"},
	{"datapipeline", []string{"PutPipelineDefinition"}, "give it to a pipeline with commands of its own"},
	{"elasticmapreduce", []string{"RunJobFlow"}, "give it to a cluster with steps of its own"},
}

// passed is the first call of the policy that a role can be passed to, and what becomes of it.
func (p *Pass) passed() (call, does string) {
	for i := range passers {
		passer := &passers[i]
		for _, action := range passer.actions {
			if g := p.firstAllowing(passer.service, action); g != nil {
				return p.at(g, passer.service+":"+action), passer.does
			}
		}
	}
	return "", ""
}

// passedRoles looks for roles of a pattern that can be passed to something that the caller makes.
func (p *Pass) passedRoles() {
	for _, s := range p.steps("iam", "PassRole", "role/") {
		if s.g.s.tests("iam:passedtoservice", "iam:associatedresourcearn") {
			continue
		}
		for _, target := range s.targets {
			if !Wild(afterAccount(target)) {
				continue
			}
			if call, does := p.passed(); call != "" {
				p.Report(s.g.Node, fmt.Sprintf("with iam:PassRole on %s the principal can act as any role that matches and that the service may assume: 1. pass the role, with %s; 2. %s, with %s. Name the roles, and add a condition on iam:PassedToService",
					target, p.at(s.g, "iam:PassRole"), does, call))
			}
			break
		}
	}
}

// passedWith says how the principal can pass one of a step's roles to something of its own; empty when it cannot.
func (p *Pass) passedWith(s step) string {
	for _, pass := range p.steps("iam", "PassRole", "role/") {
		if pass.g.s.tests("iam:passedtoservice") || !p.meets(s, pass) {
			continue
		}
		if call, does := p.passed(); call != "" {
			return does + ", with " + p.at(pass.g, "iam:PassRole") + " and " + call
		}
	}
	return ""
}

// afterAccount is the resource part of an ARN; the whole text when it is none.
func afterAccount(target string) string {
	rest := target
	for range 5 {
		i := colon(rest)
		if i < 0 {
			return target
		}
		rest = rest[i+1:]
	}
	return rest
}
