package contactcentre_test

import (
	"slices"
	"strings"
	"testing"
)

// documented are the top-level keys of the data model.
var documented = strings.Fields(`AWSAccountId AWSContactTraceRecordFormatVersion AdditionalEmailRecipients Agent
	AgentConnectionAttempts AnsweringMachineDetectionStatus Attributes Campaign Channel ChatMetrics
	ConnectedToSystemTimestamp ContactAssociationId ContactDetails ContactEvaluations ContactId ContactLens Customer
	CustomerEndpoint CustomerId CustomerVoiceActivity DisconnectDetails DisconnectReason DisconnectTimestamp
	ExternalThirdParty GlobalResiliencyMetadata InitialContactId InitiationMethod InitiationTimestamp InstanceARN
	LastPausedTimestamp LastResumedTimestamp LastUpdateTimestamp MediaStreams NextContactId OutboundStrategy
	PreviousContactId QualityMetrics Queue Recording Recordings References RelatedContactId RoutingCriteria
	ScheduledTimestamp SegmentAttributes SystemEndpoint Tags TaskTemplateInfo TotalPauseCount
	TotalPauseDurationInSeconds TransferCompletedTimestamp TransferredToEndpoint VoiceIdResult WisdomInfo`)

func TestEveryDocumentedKeyAppears(t *testing.T) {
	missing := slices.Clone(documented)
	items := aLife()
	for _, e := range items {
		if e.what.Channel == "" {
			continue
		}
		r := e.object
		missing = slices.DeleteFunc(missing, func(key string) bool { _, present := r[key]; return present })
	}
	if len(missing) > 0 {
		t.Errorf("keys %v are in none of %d records", missing, len(items))
	}
}

// TestQuirksOfRealRecords looks for every difference between real records and the documentation that is known.
func TestQuirksOfRealRecords(t *testing.T) {
	within := func(r object, path ...string) any {
		var v any = r
		for _, key := range path {
			o, _ := v.(object)
			v = o[key]
		}
		return v
	}
	isNull := func(key string) func(object) bool {
		return func(r object) bool { v, present := r[key]; return present && v == nil }
	}
	recording := func(is func(object) bool) func(object) bool {
		return func(r object) bool {
			list, _ := r["Recordings"].([]any)
			return slices.ContainsFunc(list, func(v any) bool { return is(v.(object)) })
		}
	}
	quirks := map[string]func(object) bool{
		"InitialContactId null":   isNull("InitialContactId"),
		"Recording null":          isNull("Recording"),
		"Recordings null":         isNull("Recordings"),
		"Queue null":              isNull("Queue"),
		"Agent null":              isNull("Agent"),
		"Tags null":               isNull("Tags"),
		"Agent but no Recordings": func(r object) bool { return r["Agent"] != nil && r["Recordings"] == nil && r["Channel"] == "VOICE" },
		"abandoned in the queue":  func(r object) bool { return r["Queue"] != nil && r["Agent"] == nil },
		"References empty":        func(r object) bool { list, ok := r["References"].([]any); return ok && len(list) == 0 },
		"ContactDetails empty":    func(r object) bool { o, ok := r["ContactDetails"].(object); return ok && len(o) == 0 },
		"Attributes empty":        func(r object) bool { o, ok := r["Attributes"].(object); return ok && len(o) == 0 },
		"no campaign": func(r object) bool {
			o, ok := r["Campaign"].(object)
			_, present := o["CampaignId"]
			return ok && present && o["CampaignId"] == nil
		},
		"a campaign": func(r object) bool { return within(r, "Campaign", "CampaignId") != nil },
		"S3 entry": recording(func(e object) bool {
			at := e["Location"].(string)
			return e["StorageType"] == "S3" && !strings.Contains(at, ":/") && strings.HasSuffix(at, "_UTC.wav")
		}),
		"chat transcript": recording(func(e object) bool { return e["MediaStreamType"] == "CHAT" }),
		"deleted":         recording(func(e object) bool { return e["Status"] == "DELETED" && e["DeletionReason"] != nil }),
		"live audio entry": recording(func(e object) bool {
			number, _ := e["FragmentStartNumber"].(string)
			return e["StorageType"] == "KINESIS_VIDEO_STREAM" && e["MediaStreamType"] == "VIDEO" &&
				e["ParticipantType"] == "CUSTOMER" && e["Status"] == nil && len(number) == 47 &&
				strings.HasPrefix(e["Location"].(string), "arn:aws:kinesisvideo:")
		}),
		"attributes that differ in case": func(r object) bool {
			return within(r, "Attributes", "Language") != nil && within(r, "Attributes", "language") != nil
		},
		"disconnected 19 minutes after the agent": func(r object) bool {
			end, _ := within(r, "Agent", "AfterContactWorkEndTimestamp").(string)
			return end != "" && instant(t, r["DisconnectTimestamp"]).Sub(instant(t, end)).Minutes() == 19
		},
		"shape of 2019": func(r object) bool {
			for key := range strings.FieldsSeq("DisconnectReason Campaign References ContactDetails ScheduledTimestamp VoiceIdResult") {
				if _, present := r[key]; present {
					return false
				}
			}
			return true
		},
		"key of the future": func(r object) bool { return r["ChannelExperience"] != nil },
		"masked number":     func(r object) bool { return within(r, "CustomerEndpoint", "Address") == "+44770090****" },
		"softphone":         func(r object) bool { return within(r, "SystemEndpoint", "Address") == "Softphone" },
		"deleted customer":  func(r object) bool { return r["Channel"] == "VOICE" && r["CustomerEndpoint"] == nil },
		"association as number": func(r object) bool {
			_, ok := r["ContactAssociationId"].(interface{ Int64() (int64, error) })
			return ok
		},
		"association as string":  func(r object) bool { _, ok := r["ContactAssociationId"].(string); return ok },
		"milliseconds":           func(r object) bool { return within(r, "CustomerVoiceActivity", "GreetingEndTimestamp") != nil },
		"subject with a name":    func(r object) bool { return within(r, "SegmentAttributes", "connect:EmailSubject") != nil },
		"third party":            func(r object) bool { return within(r, "TransferredToEndpoint", "Address") != nil },
		"evaluated after update": func(r object) bool { return r["ContactEvaluations"] != nil },
	}
	items := aLife()
	for _, e := range items {
		if e.what.Channel == "" {
			continue
		}
		r := e.object
		for name, is := range quirks {
			if is(r) {
				delete(quirks, name)
			}
		}
	}
	for name := range quirks {
		t.Errorf("no record in %d has the quirk: %s", len(items), name)
	}
}
