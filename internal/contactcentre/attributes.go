package contactcentre

import "strconv"

// attributes writes what flows, bots, lambdas and agents left behind: most of the personal data of a record.
func (w *record) attributes() {
	tied := w.version == w.l.newest && w.l.ties > 0
	if w.quirk == bareAttribute && !tied {
		w.open("Attributes")
		w.close()
		return
	}
	who := w.person
	w.open("Attributes")
	if w.quirk == caseTwins {
		w.str("Language", "EN")
	}
	if w.chance(97) {
		w.str("accountNumber", who.account)
	}
	w.notes()
	w.str("authenticated", w.pick([]string{"true", "false"}))
	if w.chance(97) {
		w.str("callbackNumber", w.callbackNumber())
	}
	if w.version > 0 {
		w.str("caseStatus", []string{"", "reopened", "escalated", "waiting", "solved", "closed"}[w.version])
	}
	if w.chance(97) {
		w.str("customerEmail", who.email)
	}
	w.str("customerName", who.name)
	w.str("customerTier", w.pick([]string{"gold", "silver", "bronze", "none"}))
	w.str("dateOfBirth", who.born)
	w.str("intent", w.pick([]string{"CheckBalance", "MakeClaim", "CancelPolicy", "TechnicalFault", "SpeakToAgent"}))
	w.lambdaResult()
	w.str("language", who.language)
	if w.chance(70) {
		w.str("lexSlotCard", w.pick(testCards))
	}
	if w.chance(30) {
		w.str("menuPath", w.pick([]string{"1>3>2", "2>1", "1>1>9>0", "4"}))
	}
	w.str("postalAddress", who.address)
	if w.chance(40) {
		w.str("promptText", w.pick(prompts))
	}
	w.str("queuePriority", w.pick([]string{"1", "3", "5"}))
	if tied {
		w.key("syncAttempt") // attributes are strings
		w.b = append(w.b, '"')
		w.b = strconv.AppendInt(w.b, int64(w.l.ties), 10)
		w.b = append(w.b, '"', ',')
	}
	w.close()
}

// callbackNumber is the customer's number or another of the household, in the form it was keyed in when numbers need
// not be regular.
func (w *record) callbackNumber() string {
	odd, other := w.r.IntN(len(oddNumbers)), w.r.IntN(len(w.c.people))
	switch {
	case w.quirk == oddNumber:
		return oddNumbers[odd]
	case other%3 == 0:
		return w.c.people[other].phone
	default:
		return w.person.phone
	}
}

// notes writes what an agent typed after the contact: some sentences, each with something personal.
func (w *record) notes() {
	n := w.r.IntN(3)
	if w.chance(4) {
		n += 5
	}
	w.key("agentNotes")
	w.b = append(w.b, '"')
	for i := range n + 1 {
		if i > 0 {
			w.b = append(w.b, `\n`...)
		}
		w.b = append(w.b, w.pick(noteBegins)...)
		switch w.r.IntN(5) {
		case 0:
			w.b = append(w.b, w.person.phone...)
		case 1:
			w.b = append(w.b, w.person.email...)
		case 2:
			w.b = append(w.b, w.pick(testCards)...)
		case 3:
			w.b = append(w.b, w.person.name...)
		default:
			w.b = append(w.b, w.pick(testAccounts)...)
		}
		w.b = append(w.b, w.pick(noteEnds)...)
	}
	w.b = append(w.b, '"', ',')
}

// lambdaResult writes the answer of a function as JSON text inside a string, the way flows keep it.
func (w *record) lambdaResult() {
	w.key("lambdaResult")
	w.b = append(w.b, `"{\"status\":\"OK\",\"customer\":{\"account\":\"`...)
	w.b = append(w.b, w.person.account...)
	w.b = append(w.b, `\",\"email\":\"`...)
	w.b = append(w.b, w.person.email...)
	w.b = append(w.b, `\",\"phone\":\"`...)
	w.b = append(w.b, w.person.phone...)
	w.b = append(w.b, `\"},\"orders\":[`...)
	for i := range 1 + w.r.IntN(3) {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, `{\"order\":\"`...)
		w.digits(10)
		w.b = append(w.b, `\",\"total\":`...)
		w.digits(3)
		w.b = append(w.b, `.50,\"state\":\"`...)
		w.b = append(w.b, w.pick([]string{"SHIPPED", "OPEN", "RETURNED"})...)
		w.b = append(w.b, `\"}`...)
	}
	w.b = append(w.b, `],\"latencyMs\":`...)
	w.digits(2 + w.r.IntN(2))
	w.b = append(w.b, `}",`...)
}

// Word lists, as JSON text.
var (
	noteBegins = []string{
		"Customer called about the missing delivery and wants to be reached at ", "Verified caller by ",
		"Spoke to the neighbour, who gave us ", "Said \\\"please note it down\\\": ", "Für Rückfragen: ",
		"Refund agreed after a long talk; details of the payment are ", "Old record shows ", "2nd attempt\\t– used ",
	}
	noteEnds = []string{
		".", " and asked for a call back tomorrow before 10:30.", ", order 4400012345 of 2026-03-01.",
		" (checked twice, matches the file).", " \\u2013 escalated to the team lead.", "; path C:\\\\cases\\\\open.",
	}
	testCards = []string{
		"4111 1111 1111 1111", "5555555555554444", "378282246310005", "4242-4242-4242-4242", "6011111111111117",
	}
	testAccounts = []string{"GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "987-65-4320", "192.0.2.44"}
	prompts      = []string{
		"Welcome to Example Insurance. Your call may be recorded for training and quality purposes.",
		"Guten Tag und herzlich willkommen. Bitte wählen Sie eine Taste.",
		"Sorry, I didn't get that. Please say your account number, one digit at a time.",
		"ようこそ。ご用件をお話しください。",
	}
	taskNames        = []string{"Refund request", "Change of address", "Complaint", "Kündigung"}
	taskDescriptions = []string{
		"Please check the refund and ring back", "Follow-up of the open complaint with", "Letter returned, find new address of",
	}
	oddNumbers = []string{
		"+44770090****", "07700 900123", "anonymous", "+4420794600", "(020) 7946 0123", "+1202555010199", "0",
	}
	thirdParties  = []string{"+441134960777", "+442079460958", "+12025550143", "+61255501234", "+447700900999"}
	systemNumbers = [...]string{
		"+448081570100", "+448081570120", "+448081570155", "+443069990001", "+443069990042", "+443069990300",
		"+448081570777", "+442079460001", "+448081570999", "+443069990999",
	}
)
