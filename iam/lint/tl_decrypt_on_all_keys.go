package lint

import "strings"

var decryptOnAllKeys = &Check{
	Code: "TL_DECRYPT_ON_ALL_KEYS", Severity: SecurityWarning, Title: "Decryption with every key",
	Doc: `The statement allows kms:Decrypt with every key whose own policy leaves it to IAM, for data of any service, also for data
that was encrypted directly with the key.

To mend it, name the keys, or add a condition on kms:ViaService with the services whose data the principal reads
(s3.REGION.amazonaws.com).

Silent with a condition on kms:ViaService, the encryption context, the key's aliases or tags, or aws:CalledVia; for key policies,
whose "*" is the key itself; and for kms:*, which means everything and says so.

Source: AWS KMS Developer Guide, "Best practices for IAM policies" and kms:ViaService.`,
	Bad: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}`,
	Good: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
  "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}}]}`,
	run: func(p *Pass) {
		if !p.Grants() {
			return
		}
		for g := range p.naming("kms", "Decrypt") {
			if g.s.everyKey() && !g.s.tests("kms:viaservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "kms:encryptioncontextkeys",
				"kms:resourcealiases", "kms:requestalias", "aws:resourcetag/") && !g.s.testsContext() {
				p.Report(g.Node, "kms:Decrypt with every key: name the keys, or add a condition on kms:ViaService with the services whose data is read")
			}
		}
	},
}

// everyKey tells whether the statement's resources cover all keys, at least of an account.
func (s *Statement) everyKey() bool {
	if s.Resource == nil {
		return false
	}
	for i := range s.Resources {
		r := &s.Resources[i]
		name, found := strings.CutPrefix(r.Name, "key/")
		if r.Any || r.Service == "kms" && (found && strings.Trim(name, "*") == "" || r.Fields == 6 && strings.Trim(r.Name, "*") == "") {
			return true
		}
	}
	return false
}

func (s *Statement) testsContext() bool {
	for i := range s.Tests {
		if strings.HasPrefix(s.Tests[i].Name, "kms:encryptioncontext:") {
			return true
		}
	}
	return false
}
