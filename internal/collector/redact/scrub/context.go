package scrub

// topic is what the words before a number say it is.
type topic uint8

const (
	topicNone  topic = iota
	topicPhone       // "call", "mobile", "callbackNumber"
	topicOther       // "order", "ref", "accountNumber": a number, but nobody's phone
	topicVersion
	topicNumber // "number"
	topicOwn    // "my", "his": with topicNumber, a phone
	topicSSN
	topicNHS
	topicTFN
	topicABN
	topicSIN
)

// context finds the topic of a run of digits, once and only when it is asked for.
type context struct {
	start int    // of the run
	lead  before // what stands right before it
	known bool
	value topic
}

const (
	contextBytes = 48 // how far back a topic may stand
	contextWords = 4  // how many words that say nothing may stand between
)

// topic returns what the nearest word before the number with a meaning says. Words are parted at changes from small
// to capital letters too, as in callbackNumber. A line end, a semicolon, a brace and the end of a JSON value end the
// search; numbers do not, so that it holds for each of a list.
func (c *context) topic(s *scanner) topic {
	if !c.known {
		c.known = true
		c.value = c.find(s)
	}
	return c.value
}

// national reports whether the topic is a number of a person by a name of its own, such as SSN.
func (c *context) national(s *scanner) bool { return c.topic(s) >= topicSSN }

func (c *context) find(s *scanner) topic {
	text := s.text
	floor := max(0, c.start-contextBytes)
	id := false     // "id" alone is no phone; "caller id" is
	number := false // "my number" is a phone; "my order" is none
	i := c.start
	for range contextWords {
		for i > floor && class[text[i-1]]&letter == 0 && text[i-1] < 0x80 {
			i--
			switch text[i] {
			case '\n', ';', '{', '}', '[', ']', '&', '?', '|', '@':
				floor = i
			case ',':
				if i > 0 && text[i-1] == '"' {
					floor = i
				}
			}
		}
		end := i
		for i > floor && (class[text[i-1]]&letter != 0 || text[i-1] >= 0x80) {
			i--
			if capital(text[i]) && i > floor && text[i-1] >= 'a' && text[i-1] <= 'z' {
				break
			}
		}
		s.examined += end - i
		if i == end || i == floor && s.is(floor-1, letter) {
			break // there is none, or it is cut in the middle
		}
		w := text[i:end]
		t := topicOf(w)
		switch {
		case t == topicNone:
		case t == topicNumber:
			number = true
		case t == topicOwn && number:
			return topicPhone
		case t == topicOwn:
		case t == topicPhone && id && w[len(w)-1]|0x20 != 'r': // contact id; though caller id
			return topicOther
		case len(w) == 2 && w[0]|0x20 == 'i' && w[1]|0x20 == 'd':
			id = true
		default:
			return t
		}
	}
	if id {
		return topicOther
	}
	return topicNone
}

func capital(c byte) bool { return c >= 'A' && c <= 'Z' }

// topicOf returns what a word says about the number behind it.
func topicOf(w []byte) topic {
	var small [24]byte
	if len(w) > len(small) {
		return topicNone
	}
	for i, c := range w {
		if capital(c) {
			c |= 0x20
		}
		small[i] = c
	}
	switch string(small[:len(w)]) {
	case "phone", "phones", "telephone", "tel", "tél", "téléphone", "telefon", "telefonnummer", "telefono", "teléfono", "telefone",
		"rufnummer", "rückrufnummer", "rückruf", "handy", "handynummer", "mobil", "mobilnummer", "móvil", "portable", "fixe",
		"mobile", "mob", "cell", "cellphone", "fax", "call", "called", "calls", "calling", "caller", "callback", "ring", "rang",
		"dial", "dialed", "dialled", "voicemail", "sms", "text", "texted", "whatsapp", "wa", "signal", "reach", "contact",
		"landline", "ani", "dnis", "dnc", "msisdn", "cli", "anrufen", "anruf", "rappeler", "appeler", "appel", "ph", "fon",
		"llamar", "llame", "bellen", "ligue", "ruf", "numéro":
		return topicPhone
	case "order", "orders", "ord", "id", "ids", "ref", "reference", "invoice", "inv", "ticket", "tickets", "case", "account", "acct", "acc",
		"policy", "claim", "tracking", "transaction", "txn", "trx", "serial", "sku", "part", "parts", "isbn", "ean", "upc", "vat",
		"pid", "fragment", "sequence", "seq", "shard", "offset", "timestamp", "time", "ts", "epoch", "booking", "meter",
		"postcode", "zip", "amount", "total", "balance", "contract", "flight", "po", "customer", "member", "membership",
		"imei", "sim", "iccid", "imsi", "parcel", "shipment", "mandate", "auth", "code", "pin", "otp", "reading", "readings",
		"barcode", "batch", "lot", "model", "asset", "device", "session", "request", "trace", "score", "price", "sum", "quote",
		"bestellung", "bestellnummer", "auftrag", "auftragsnummer", "kundennummer", "rechnung", "rechnungsnummer", "vorgang",
		"vertrag", "vertragsnummer", "kunde", "konto", "kontonummer", "commande", "facture", "dossier", "montant", "pedido",
		"factura", "cuenta", "card", "location", "lat", "lon", "lng", "pages", "table", "bytes", "size", "count", "job", "process", "volume", "volumes":
		return topicOther
	case "build", "mozilla", "version", "versions", "ver", "v", "release", "section", "chapter", "clause", "firmware", "paragraph", "para", "sdk", "rev", "rv":
		return topicVersion
	case "number", "numbers", "nr", "no", "num", "nummer":
		return topicNumber
	case "my", "his", "her", "their", "your", "our", "new", "old", "home", "work", "other", "second", "alternative", "meine", "mon", "mi":
		return topicOwn
	case "ssn", "ss", "social", "security", "sec":
		return topicSSN
	case "nhs":
		return topicNHS
	case "tfn", "tax":
		return topicTFN
	case "abn":
		return topicABN
	case "sin", "insurance":
		return topicSIN
	}
	return topicNone
}
