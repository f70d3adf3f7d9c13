package catalog

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"app-integartions", "app-integrations"}, // E7
		{"qconnect", "wisdom"},
		{"QConnect", "wisdom"},
		{"eventbridge", "events"},
		{"monitoring", "cloudwatch"},
		{"connectcases", "cases"},
		{"lexv2-models", "lex"},
		{"s33", "s3"},
		{"dynamdb", "dynamodb"},
		{"lamdba", "lambda"},
		{"secretmanager", "secretsmanager"},
		{"nothinglikeit", ""},
		{"", ""},
	} {
		if got, _ := Default().NearestService(tt.name); got != tt.want {
			t.Errorf("NearestService(%q): got %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, tt := range []struct{ name, want string }{
		{"connect-campaigns:UpdateOutboundCallConfig", "connect-campaigns:UpdateCampaignOutboundCallConfig"}, // E15
		{"connect-campaigns:UpdateDialerConfig", "connect-campaigns:UpdateCampaignDialerConfig"},             // E16
		{"s3:GetObjects", "s3:GetObject"},
		{"s3:getobjcet", "s3:GetObject"},
		{"lambda:InvokeFuncton", "lambda:InvokeFunction"},
		{"connect:ListContactFlow", "connect:ListContactFlows"},
		{"s3:Frobnicate", ""},
		{"s3:", ""},
		{"nothing:GetObject", ""},
		{"", ""},
	} {
		if got, _ := Default().NearestAction(tt.name); got != tt.want {
			t.Errorf("NearestAction(%q): got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestOperation(t *testing.T) {
	for _, tt := range []struct {
		service, operation string
		want               []string
		ok                 bool
	}{
		{"s3", "HeadObject", []string{"s3:GetObject"}, true},
		{"S3", "ListObjectsV2", []string{"s3:ListBucket"}, true},
		{"s3", "CopyObject", []string{"s3:GetObject", "s3:PutObject"}, true},
		{"s3", "GetObject", []string{"s3:GetObject"}, true},
		{"S3 Control", "GetPublicAccessBlock", []string{"s3:GetAccountPublicAccessBlock"}, true},
		{"s3", "GetPublicAccessBlock", []string{"s3:GetBucketPublicAccessBlock"}, true},
		{"kinesisvideoarchivedmedia", "GetMediaForFragmentList", []string{"kinesisvideo:GetMediaForFragmentList"}, true},
		{"Kinesis Video Media", "GetMedia", []string{"kinesisvideo:GetMedia"}, true},
		{"QConnect", "CreateAssistant", []string{"wisdom:CreateAssistant"}, true},
		{"ConnectCampaignsV2", "CreateCampaign", []string{"connect-campaigns:CreateCampaign"}, true},
		{"AppIntegrations", "CreateEventIntegration", []string{"app-integrations:CreateEventIntegration"}, true},
		{"connect-contact-lens", "ListRealtimeContactAnalysisSegments", []string{"connect:ListRealtimeContactAnalysisSegments"}, true},
		{"Lex Runtime V2", "RecognizeText", []string{"lex:RecognizeText"}, true},
		{"CloudWatch", "PutMetricData", []string{"cloudwatch:PutMetricData"}, true},
		{"Resource Groups Tagging API", "GetResources", []string{"tag:GetResources"}, true},
		{"lambda", "Invoke", []string{"lambda:InvokeFunction"}, true},
		{"kms", "ReEncrypt", []string{"kms:ReEncryptFrom", "kms:ReEncryptTo"}, true},
		{"API Gateway", "GetRestApis", []string{"apigateway:GET"}, true},
		{"apigatewayv2", "ImportApi", []string{"apigateway:PUT"}, true},
		{"ConnectParticipant", "SendMessage", nil, true},
		{"connect", "CreateTestCase", nil, false},
		{"nothing", "GetObject", nil, false},
		{"s3", "", nil, false},
		{"", "", nil, false},
	} {
		got, ok := Default().Operation(tt.service, tt.operation)
		if !slices.Equal(got, tt.want) || ok != tt.ok {
			t.Errorf("Operation(%q, %q): got %q, %t, want %q, %t", tt.service, tt.operation, got, ok, tt.want, tt.ok)
		}
	}
}

// TestOperationTable: each row leads to services and actions that exist, and says something that the rule does not.
func TestOperationTable(t *testing.T) {
	c := Default()
	for service, prefix := range c.hand().prefixes {
		if _, ok := c.Service(prefix); !ok {
			t.Errorf("%s: no service %s", service, prefix)
		}
		if service != packageName(service) {
			t.Errorf("%s is not written as a package name", service)
		}
	}
	for _, o := range c.hand().operations {
		prefix, ok := c.Prefix(o.service)
		if !ok {
			t.Errorf("%s %s: no such service", o.service, o.name)
		}
		if a, ok := c.Action(prefix + ":" + o.name); ok && a.String() == o.actions {
			t.Errorf("%s %s: the row says what the rule does", o.service, o.name)
		}
		got, ok := c.Operation(o.service, o.name)
		if !ok {
			t.Errorf("Operation(%q, %q): not found", o.service, o.name)
		}
		for _, name := range got {
			if a, ok := c.Action(name); !ok || a.String() != name {
				t.Errorf("%s %s: no action %s", o.service, o.name, name)
			}
		}
	}
}

// TestSDKNames: names of the SDK's services lead to the prefixes that policies use.
func TestSDKNames(t *testing.T) {
	for name, want := range map[string]string{
		"qconnect": "wisdom", "wisdom": "wisdom", "connectcampaigns": "connect-campaigns", "connectcampaignsv2": "connect-campaigns",
		"appintegrations": "app-integrations", "customerprofiles": "profile", "connectcases": "cases", "voice-id": "voiceid",
		"connectcontactlens": "connect", "connectparticipant": "execute-api", "kinesisvideomedia": "kinesisvideo",
		"kinesisvideoarchivedmedia": "kinesisvideo", "Service Quotas": "servicequotas", "monitoring": "cloudwatch", "pinpoint": "mobiletargeting",
		"chimesdkvoice": "chime", "resourcegroupstaggingapi": "tag", "tagging": "tag", "cloudcontrolapi": "cloudformation",
		"lexmodelbuildingservice": "lex", "lexmodelsv2": "lex", "lexruntimeservice": "lex", "lexruntimev2": "lex", "eventbridge": "events",
		"cloudwatchlogs": "logs", "directoryservice": "ds", "sfn": "states", "sesv2": "ses", "socialmessaging": "social-messaging",
	} {
		if got, _ := Default().Prefix(name); got != want {
			t.Errorf("Prefix(%q): got %q, want %q", name, got, want)
		}
	}
}
