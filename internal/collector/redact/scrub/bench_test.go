package scrub

import (
	"bytes"
	"testing"
)

// Texts as they stand in contact records, most of them without a find.
var benchTexts = map[string]string{
	"notes": `Customer phoned to ask why the engineer did not come on Tuesday as agreed. Explained that the part was not in stock
and that the earliest new date is 24 November between 08:00 and 12:00; customer was not happy but accepted. Offered a credit of
£15.00 on the next bill (approved by team lead). Account is in good standing, direct debit active, last payment 12/11/2026.
Customer also mentioned that the app shows the wrong tariff since the update to 4.18.2 - raised with digital, ticket INC-0048213.
Please check before the next visit that the meter cupboard key is with the concierge. Contacted the depot, they confirmed the boiler
valve (part 7-184-2291) ships overnight. Follow-up task created for 25/11, owner field services south. No further action today.
Wants a call back on 07700 900123 if the slot changes. Tone was calm at the end, verified by security questions, recording on.
`,
	"prompt": `Thank you for calling. Your call may be recorded for training and quality purposes. If you are calling about an existing
order, press 1. For billing, press 2. To hear our opening times, press 3. For everything else, please stay on the line and one of our
colleagues will be with you shortly. You can also manage your account online at www.example.com/account at any time of the day. We are
sorry to keep you waiting; all of our colleagues are busy helping other customers. Your estimated waiting time is 4 minutes. Did you know
that you can change your appointment in the app? Simply choose "My appointments" and select a new date. Please have your customer number
ready, you find it at the top right of every letter. If you would like us to call you back, press the star key and follow the instructions.
`,
	"json": `{"language":"en-GB","intent":"ChangeAppointment","confidence":0.93,"slots":{"date":"2026-11-24","window":"MORNING","reason":null},
"sessionId":"7c3f1f0e-5a0e-4f0b-9d59-0c2a7c1f7a11","trace":"Root=1-67409a2c-3c1b2a9d4e5f60718293a4b5","queueArn":"arn:aws:connect:eu-west-2:111122223333:instance/2a1b6c1e-7d0a-4a52-9f7a-55c7a0e3d001/queue/9d5c7c5e-1a2b-4c3d-8e9f-001122334455",
"startedAt":"2026-11-22T21:34:02.123Z","endedAt":"2026-11-22T21:41:55.004Z","holdSeconds":45,"steps":["Greeting","Identify","Menu","ChangeAppointment","Confirm"],
"lastOrder":"ORD-20418832","tier":"gold","flags":{"vip":false,"recording":true},"promptVersion":"12.4.1","email":"anna.smith@example.com","nps":9}
`,
}

// BenchmarkScan measures free text: agents' notes, prompts, JSON in attributes, and all three in turn.
func BenchmarkScan(b *testing.B) {
	var all []byte
	for _, name := range []string{"notes", "prompt", "json"} {
		text := bytes.Repeat([]byte(benchTexts[name]), 16)
		all = append(all, text...)
		b.Run(name, func(b *testing.B) { benchScan(b, text) })
	}
	b.Run("all", func(b *testing.B) { benchScan(b, all) })
}

func benchScan(b *testing.B, text []byte) {
	finds := make([]Find, 0, 256)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		finds = Scan(finds[:0], text)
	}
}

// BenchmarkScanShort measures a single attribute value, where the cost of a call shows.
func BenchmarkScanShort(b *testing.B) { benchScan(b, []byte("wants a call back on 07700 900123")) }

// BenchmarkReplace measures the whole way from text to text with placeholders.
func BenchmarkReplace(b *testing.B) {
	text := []byte(benchTexts["notes"] + benchTexts["json"])
	out := make([]byte, 0, 2*len(text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		out, _ = Replace(out[:0], text, nil)
	}
}
