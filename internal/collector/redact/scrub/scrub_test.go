package scrub

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

// TestKinds shows each text as it is and with placeholders.
func TestKinds(t *testing.T) {
	for name, cases := range map[string][][2]string{
		"email": {
			{"write to jo@example.com.", "write to [EMAIL]."},
			{"<jo.o'neil+shop@mail.eu.example.co.uk>", "<[EMAIL]>"},
			{"'jo@example.com'", "'[EMAIL]'"},
			{`{\"to\":\"jo@example.com\"}`, `{\"to\":\"[EMAIL]\"}`},
			{`one\njo@example.com`, `one\n[EMAIL]`},
			{"jo@example.com,mo@example.com", "[EMAIL],[EMAIL]"},
			{"jörg@bücher.example", "[EMAIL]"},
			{"用户@例子.测试", "[EMAIL]"},
			{"https://example.com/?m=jo%40example.com&x=1", "https://example.com/?m=[EMAIL]&x=1"},
			{"https://example.com/?m=%20jo@example.com", "https://example.com/?m=%20[EMAIL]"},
			{"arn:aws:sts::111122223333:assumed-role/ops/jo@example.com", "arn:aws:sts::111122223333:assumed-role/ops/[EMAIL]"},
			{"07700900123@example.com", "[EMAIL]"},
			{"+44 7700 900123@example.com", "[EMAIL]"},
			{"jo@example.com-thanks", "[EMAIL]-thanks"},
			{"jo@xn--bcher-kva.example", "[EMAIL]"},
			{"jo@localhost", "jo@localhost"},
			{"@example.com", "@example.com"},
			{"react@18.2.0", "react@18.2.0"},
			{"logo@2x.png", "logo@2x.png"},
			{"a @ b.com", "a @ b.com"},
			{"jo@@example.com", "jo@@example.com"},
		},
		"card": {
			{"4242424242424242", "[CARD]"},
			{"card 4242 4242 4242 4242 exp 12/27 cvv 123", "card [CARD] exp 12/27 cvv 123"},
			{"4242-4242-4242-4242", "[CARD]"},
			{"4242.4242.4242.4242", "[CARD]"},
			{"4242  4242  4242  4242", "[CARD]"},
			{"4242 4242 4242 4242", "[CARD]"},
			{"4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2", "[CARD]"},
			{"4242 4242 4242 4242 123", "[CARD] 123"},
			{"3782 822463 10005", "[CARD]"},
			{"pan=4242424242424242;", "pan=[CARD];"},
			{"call 12 4242 4242 4242 4242", "call 12 [CARD]"},
			{strings.Repeat("12 ", maxGroups-2) + "4242 4242 4242 4242", strings.Repeat("12 ", maxGroups-2) + "[CARD]"},
			{"4242 4242 4242 4241", "4242 4242 4242 4241"},   // Luhn
			{"1234 5678 9012 3452", "1234 5678 9012 3452"},   // no issuer
			{"x4242424242424242", "x4242424242424242"},       // part of a word
			{"42424242424242424242", "42424242424242424242"}, // too long
			{"deadbeef-4242-4242-4242-4242deadbeef", "deadbeef-4242-4242-4242-4242deadbeef"},
		},
		"iban": {
			{"GB82 WEST 1234 5698 7654 32", "[IBAN]"},
			{"gb82west12345698765432", "[IBAN]"},
			{"GB 82 WEST 123456 98765432.", "[IBAN]."},
			{"DE89-3704-0044-0532-0130-00", "[IBAN]"},
			{"IBAN:DE89370400440532013000", "IBAN:[IBAN]"},
			{"GB82 WEST 1234 5698 7654 33", "GB82 WEST 1234 5698 7654 33"},
			{"GB82 WEST 1234 5698 7654 321", "GB82 WEST 1234 5698 7654 321"},
			{"XX82 WEST 1234 5698 7654 32", "XX82 WEST 1234 5698 7654 32"},
		},
		"ip": {
			{"from 192.0.2.1.", "from [IP]."},
			{"192.0.2.1:8080 and 192.0.2.1:80", "[IP]:8080 and [IP]:80"},
			{"http://192.0.2.1/x", "http://[IP]/x"},
			{"2 8.8.8.8", "2 [IP]"},
			{"192.0.2.0/24", "[IP]/24"},
			{"192.000.002.001", "[IP]"},
			{"[2001:db8::1]:443", "[[IP]]:443"},
			{"2001:DB8:0:0:8:800:200C:417A", "[IP]"},
			{"::ffff:192.0.2.1", "[IP]"},
			{"fe80::1%eth0 up", "[IP] up"},
			{"ip:2001:db8::1", "ip:[IP]"},
			{"iface:2001:db8::1", "iface:[IP]"},
			{"version 1.2.3.4", "version 1.2.3.4"},
			{"nginx/1.2.3.4", "nginx/1.2.3.4"},
			{"1.2.3.4-beta", "1.2.3.4-beta"},
			{"1.2.3.4.5", "1.2.3.4.5"},
			{"192.0.2.256", "192.0.2.256"},
			{"00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e"},
			{"00:1a:2b:ff:fe:3c:4d:5e", "00:1a:2b:ff:fe:3c:4d:5e"},
			{"std::vector, add::fee, a::b", "std::vector, add::fee, a::b"},
			{"12:30:45", "12:30:45"},
			{"arn:aws:s3:::bucket", "arn:aws:s3:::bucket"},
		},
		"ssn": {
			{"SSN 219-09-9999", "SSN [SSN]"},
			{"219 09 9999", "[SSN]"},
			{"ssn: 219099999", "ssn: [SSN]"},
			{"219099999", "219099999"},
			{"000-12-3456, 666-12-3456, 900-12-3456, 219-00-9999, 219-09-0000", "000-12-3456, 666-12-3456, 900-12-3456, 219-00-9999, 219-09-0000"},
			{"219-09-99991, 1-219-09-9999, AB-219-09-9999", "219-09-99991, 1-219-09-9999, AB-219-09-9999"},
		},
		"national id": {
			{"NHS number 943 476 5919", "NHS number [NHS]"},
			{"NHS 123 456 7890", "NHS 123 456 7890"},
			{"TFN 123 456 782", "TFN [TFN]"},
			{"ABN 51 824 753 556", "ABN [ABN]"},
			{"SIN 046 454 286", "SIN [SIN]"},
			{"51 824 753 556 units", "51 824 753 556 units"},
		},
		"phone": {
			{"call 020 7946 0123 now", "call [PHONE] now"},
			{"+447700900123", "[PHONE]"},
			{"+44 (0)7700 900123", "[PHONE]"},
			{"(+44) 7700 900123", "[PHONE]"},
			{"0044 7700 900123", "[PHONE]"},
			{"011 44 7700 900123", "[PHONE]"},
			{"(202) 555-0123 ext. 12", "[PHONE]"},
			{"202-555-0123x12", "[PHONE]"},
			{"030/23125-001", "[PHONE]"},
			{"01.99.00.12.34", "[PHONE]"},
			{"1300 975 707", "[PHONE]"},
			{"202–555–0123", "[PHONE]"},
			{"020 7946 0123", "[PHONE]"},
			{"07700900123/07700900456", "[PHONE]/[PHONE]"},
			{"020 7946 0123 020 7946 0456", "[PHONE] [PHONE]"},
			{"07700900123,07700900456", "[PHONE],[PHONE]"},
			{"号07700900123号", "号[PHONE]号"},
			{`{"phone":"+447700900123"}`, `{"phone":"[PHONE]"}`},
			{`{\"phone\":\"07700900123\",\"n\":1}`, `{\"phone\":\"[PHONE]\",\"n\":1}`},
			{`note\n07700 900123\n`, `note\n[PHONE]\n`},
			{"?tel=%2B447700900123&x=1", "?tel=[PHONE]&x=1"},
			{"a%2007700900123", "a%20[PHONE]"},
			{"tel:+44-20-7946-0123", "tel:[PHONE]"},
			{"at 2026-11-22 21:34:02 020 7946 0123", "at 2026-11-22 21:34:02 [PHONE]"},
			{"whatsapp 447700900123", "whatsapp [PHONE]"},
			{"on 0 7 7 0 0 9 0 0 1 2 3 please", "on [PHONE] please"},
			{"call 5 5 5 0 1 2 3", "call [PHONE]"},
			{"0 0 1 1 0 1 0 0 1 1, scores 5 5 4 3 2 1 1", "0 0 1 1 0 1 0 0 1 1, scores 5 5 4 3 2 1 1"},
			{"fax 9487.5749", "fax [PHONE]"},
			{"+290 8999", "[PHONE]"}, // seven digits with the country code, the fewest
			{"+290 22158", "[PHONE]"},
			{"+1 (202) 555-0123 4", "[PHONE] 4"},
			{"my number is 555-0123", "my number is [PHONE]"},
			{"callback_447700900123", "callback_[PHONE]"},
			{"caller id 2025550123", "caller id [PHONE]"},
		},
		"guard": {
			{"ORD-12345678, order 4411982233, order no. 2025550123", "ORD-12345678, order 4411982233, order no. 2025550123"},
			{`{"orderId":"2025550123","accountNumber":"0207946012"}`, `{"orderId":"2025550123","accountNumber":"0207946012"}`},
			{"contact id 2025550123", "contact id 2025550123"},
			{"7c3f1f0e-5a0e-4f0b-9d59-0c2a7c1f7a11", "7c3f1f0e-5a0e-4f0b-9d59-0c2a7c1f7a11"},
			{"7c3f1f0e-5a0e-4f0b-9d59-0c2a7c1f7a1112", "7c3f1f0e-5a0e-4f0b-9d59-0c2a7c1f7a1112"}, // once an endless loop
			{"call 12345678-1234-4123-8123-020794601234", "call 12345678-1234-4123-8123-020794601234"},
			{"call 2026-11-22T21:34:02.123Z, 20261122T213402Z, 1732311242, 1732311242123", "call 2026-11-22T21:34:02.123Z, 20261122T213402Z, 1732311242, 1732311242123"},
			{"call on 22/11/2026, 22.11.2026, 11-22-2026, 2024-2026", "call on 22/11/2026, 22.11.2026, 11-22-2026, 2024-2026"},
			{"arn:aws:connect:eu-west-2:020794601234:instance/1", "arn:aws:connect:eu-west-2:020794601234:instance/1"},
			{"arn:aws:sqs:eu-west-2:111122223333:queue:07700900123 07700900123", "arn:aws:sqs:eu-west-2:111122223333:queue:07700900123 [PHONE]"},
			{"7c3f1f0e-5a0e-4f0b-4242-424242424242", "7c3f1f0e-5a0e-4f0b-4242-424242424242"},
			{"91343852333181178474756561234567890123456789012", "91343852333181178474756561234567890123456789012"},
			{"£1,234,567.89, 1.234.567,89 €, 12 345 678 EUR, USD 2025550123", "£1,234,567.89, 1.234.567,89 €, 12 345 678 EUR, USD 2025550123"},
			{`{"n":2025550123,"m": 2025550123}`, `{"n":2025550123,"m": 2025550123}`},
			{"03363-7067", "03363-7067"},
			{"rv:1.9.7.20", "rv:1.9.7.20"},
			{"SW1A 1AA, 90210-1234, 20-00-00 55779911", "SW1A 1AA, 90210-1234, 20-00-00 55779911"},
			{"978-3-16-148410-0", "978-3-16-148410-0"},
			{"voicemail (0.02618563 s), call 51.507351", "voicemail (0.02618563 s), call 51.507351"},
			{"51.507351, -0.127758", "51.507351, -0.127758"},
			{"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			{"https://example.com/orders/2025550123", "https://example.com/orders/2025550123"},
			{"call volume 12000 14000 16000", "call volume 12000 14000 16000"},
			{"10 20 30 40 50 60", "10 20 30 40 50 60"},
		},
	} {
		for _, c := range cases {
			got, n := Replace(nil, []byte(c[0]), nil)
			if string(got) != c[1] {
				t.Errorf("%s: got %q, want %q for %q", name, got, c[1], c[0])
			}
			if want := strings.Count(c[1], "[") - strings.Count(c[0], "["); n != want {
				t.Errorf("%s: got %d finds, want %d in %q", name, n, want, c[0])
			}
		}
	}
}

func TestReplaceCallsBack(t *testing.T) {
	text := []byte("jo@example.com or 07700 900123")
	var seen []string
	got, n := Replace([]byte("> "), text, func(dst []byte, k Kind, found []byte) []byte {
		seen = append(seen, k.String()+" "+string(found))
		return append(dst, '#')
	})
	if string(got) != "> # or #" || n != 2 {
		t.Errorf("got %q, %d finds, want %q, 2 for %q", got, n, "> # or #", text)
	}
	if got, want := strings.Join(seen, "; "), "EMAIL jo@example.com; PHONE 07700 900123"; got != want {
		t.Errorf("got calls %q, want %q for %q", got, want, text)
	}
}

// TestScanKeepsWhatIsThere has finds of the caller before those of the text, which an e-mail address must not take away.
func TestScanKeepsWhatIsThere(t *testing.T) {
	mine := []Find{{Phone, 0, 100}}
	got := Scan(mine, []byte("jo@example.com"))
	if len(got) != 2 || got[0] != mine[0] || got[1] != (Find{Email, 0, 14}) {
		t.Errorf("got %v, want %v and the address", got, mine)
	}
}

func TestUnknownKind(t *testing.T) {
	for _, k := range []Kind{0, SIN + 1} {
		if got := k.String(); !strings.HasPrefix(got, "Kind(") {
			t.Errorf("got %q, want Kind(%d)", got, uint8(k))
		}
		if got := k.Placeholder(); !strings.HasPrefix(got, "[Kind(") {
			t.Errorf("got %q, want [Kind(%d)]", got, uint8(k))
		}
	}
}

func TestNoAllocation(t *testing.T) {
	text := []byte(benchTexts["notes"] + benchTexts["json"] + strings.Repeat("a@example.com 07700 900123 ", 8))
	finds := make([]Find, 0, 64)
	out := make([]byte, 0, 2*len(text))
	if n := testing.AllocsPerRun(20, func() { finds = Scan(finds[:0], text) }); n != 0 {
		t.Errorf("Scan: got %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(20, func() { out, _ = Replace(out[:0], text, nil) }); n != 0 {
		t.Errorf("Replace: got %v allocations, want 0", n)
	}
}

// FuzzScan checks what holds for every text: finds are in order, in bounds, apart from each other and pass the check of their kind by
// other code; Replace changes nothing else, and its placeholders are not found again.
func FuzzScan(f *testing.F) {
	for _, file := range []string{"corpus", "heldout"} {
		for i, line := range readCorpus(f, "testdata/"+file+".jsonl") {
			if i%100 == 0 {
				f.Add([]byte(line.Text))
			}
		}
	}
	for _, seed := range []string{"+44(0)20 1@b.co", "::1:2", "%40%2B4", "4242 4242 4242 4242@x.yz", "GB82WEST12345698765432 x", "\xff@\xff.co", "1x1 (1) - 1/1", `jo\u0040\\u0065xample.com`, `\u0031\u00e9@b.co`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		given := bytes.Clone(text)
		finds := Scan(nil, text)
		if !bytes.Equal(given, text) {
			t.Fatalf("Scan changed the text %q to %q", given, text)
		}
		var want []byte
		type span struct{ start, end int }
		var placeholders []span
		end := 0
		for _, f := range finds {
			if f.Start < end || f.End <= f.Start || f.End > len(text) {
				t.Fatalf("got find %v behind offset %d, want it in order, not empty, within %d bytes: %q", f, end, len(text), text)
			}
			if why := doubt(f.Kind, string(unescape(nil, text[f.Start:f.End]))); why != "" {
				t.Fatalf("got %s %q, %s: %q", f.Kind, text[f.Start:f.End], why, text)
			}
			want = append(want, text[end:f.Start]...)
			placeholders = append(placeholders, span{len(want), len(want) + len(f.Kind.Placeholder())})
			want = append(want, f.Kind.Placeholder()...)
			end = f.End
		}
		want = append(want, text[end:]...)
		got, n := Replace(nil, text, nil)
		if n != len(finds) || !bytes.Equal(got, want) {
			t.Fatalf("got %q with %d finds, want %q with %d, of %q", got, n, want, len(finds), text)
		}
		for _, f := range Scan(nil, got) {
			for _, p := range placeholders {
				if f.Start < p.end && p.start < f.End {
					t.Fatalf("got %s %q over a placeholder in %q, made of %q", f.Kind, got[f.Start:f.End], got, text)
				}
			}
		}
	})
}

// doubt says what is wrong with a find, by rules written apart from the scanner's.
func doubt(k Kind, found string) string {
	digits := 0
	for _, c := range found {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	switch k {
	case Email:
		if strings.Count(found, "@")+strings.Count(found, "%40") == 0 || !strings.Contains(found, ".") {
			return "which has no @ or no dot"
		}
	case IP:
		if !hasLeadingZero(found[strings.LastIndex(found, ":")+1:]) {
			if _, err := netip.ParseAddr(found); err != nil {
				return "which net/netip does not parse"
			}
		}
	case Phone:
		if digits < 7 || digits > 17+6 {
			return "which has too few or too many digits"
		}
	case SSN:
		if digits != 9 {
			return "which has not nine digits"
		}
	default:
		if !valid(k.String(), found) {
			return "of which the check digits are wrong"
		}
	}
	return ""
}

// hasLeadingZero reports whether a dotted address is written with leading zeros, which net/netip refuses.
func hasLeadingZero(ip string) bool {
	if !strings.Contains(ip, ".") {
		return false
	}
	for part := range strings.SplitSeq(ip, ".") {
		if len(part) > 1 && part[0] == '0' {
			return true
		}
	}
	return false
}
