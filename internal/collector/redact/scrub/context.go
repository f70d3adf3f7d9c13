package scrub

// topic is what the words before a number say it is.
type topic uint8

const (
	topicNone  topic = iota
	topicPhone       // "call", "mobile", "callbackNumber"
	topicOther       // "order", "ref", "accountNumber": a number, but nobody's phone
	topicVersion
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
// to capital letters too, as in callbackNumber. A line end, a semicolon, a brace and the end of a JSON value end the search.
func (c *context) topic(s *scanner) topic {
	if c.known {
		return c.value
	}
	c.known = true
	id := false // "id" alone is no phone; "caller id" is
	floor := max(s.floor, c.start-contextBytes)
	i := c.start
	defer func() { s.examined += c.start - i }()
	for words := 0; words < contextWords; words++ {
		for i > floor && class[s.text[i-1]]&letter == 0 && s.text[i-1] < 0x80 {
			switch s.text[i-1] {
			case '\n', ';', '{', '}', '[', ']', '&', '?', '|':
				return c.is(topicNone, id)
			case ',':
				if s.byteAt(i-2) == '"' {
					return c.is(topicNone, id)
				}
			case '@':
				return c.is(topicNone, id)
			}
			i--
		}
		end := i
		for i > floor && (class[s.text[i-1]]&letter != 0 || s.text[i-1] >= 0x80) {
			i--
			if capital(s.text[i]) && i+1 < end && !capital(s.text[i+1]) || i > floor && !capital(s.text[i-1]) && capital(s.text[i]) && class[s.text[i-1]]&letter != 0 {
				break
			}
		}
		if i == end {
			break
		}
		if i == floor && floor > 0 && s.is(floor-1, letter) {
			break // cut in the middle
		}
		switch t := topicOf(s.text[i:end]); {
		case t == topicNone:
		case t == topicPhone && id && s.text[end-1]|0x20 != 'r': // contact id; though caller id
			return c.is(topicOther, id)
		default:
			if !isID(s.text[i:end]) {
				return c.is(t, false)
			}
			id = true
		}
	}
	return c.is(topicNone, id)
}

func (c *context) is(t topic, id bool) topic {
	if t == topicNone && id {
		t = topicOther
	}
	c.value = t
	return t
}

func capital(c byte) bool { return c >= 'A' && c <= 'Z' }

func isID(w []byte) bool {
	return len(w) == 2 && w[0]|0x20 == 'i' && w[1]|0x20 == 'd'
}

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
		"llamar", "llame", "bellen", "ligue", "ruf", "numéro", "customernumber":
		return topicPhone
	case "order", "orders", "ord", "id", "ids", "ref", "reference", "invoice", "inv", "ticket", "tickets", "case", "account", "acct", "acc",
		"policy", "claim", "tracking", "transaction", "txn", "trx", "serial", "sku", "part", "parts", "isbn", "ean", "upc", "vat",
		"build", "pid", "fragment", "sequence", "seq", "shard", "offset", "timestamp", "time", "ts", "epoch", "booking", "meter",
		"postcode", "zip", "amount", "total", "balance", "contract", "flight", "po", "customer", "member", "membership",
		"imei", "sim", "iccid", "imsi", "parcel", "shipment", "mandate", "auth", "code", "pin", "otp", "reading", "readings",
		"barcode", "batch", "lot", "model", "asset", "device", "session", "request", "trace", "score", "price", "sum", "quote",
		"bestellung", "bestellnummer", "auftrag", "auftragsnummer", "kundennummer", "rechnung", "rechnungsnummer", "vorgang",
		"vertrag", "vertragsnummer", "kunde", "konto", "kontonummer", "commande", "facture", "dossier", "montant", "pedido",
		"factura", "cuenta", "card", "location", "lat", "lon", "lng", "pages", "table", "bytes", "size", "count", "job", "process":
		return topicOther
	case "version", "versions", "ver", "v", "release", "section", "chapter", "clause", "firmware", "paragraph", "para", "sdk", "rev":
		return topicVersion
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
