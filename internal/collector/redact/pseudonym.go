package redact

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/maphash"
	"unicode"
	"unicode/utf8"
)

// deriveKey makes a key of its own for a purpose.
func deriveKey(secret []byte, label string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, label, sha256.Size)
	if err != nil {
		panic("redact: HKDF of 32 bytes: " + err.Error()) // only a longer output can fail
	}
	return key
}

// tokens makes keyed tokens of texts. The same agents, system numbers and customers come again in record after record, so the tokens
// of the last few thousand texts are remembered, in 340 KiB.
type tokens struct {
	token, hash hash.Hash
	phone       func(dst, text []byte) ([]byte, bool)
	seed        maphash.Seed
	recent      []remembered
	normal      []byte // the text in normal form
	sum         []byte
}

type remembered struct {
	text  [48]byte
	n     uint8
	token [tokenLen]byte
}

const (
	tokenPrefix = "tok_"
	tokenLen    = len(tokenPrefix) + 32
	remember    = 4096 // a power of two
)

func newTokens(p *Policy) tokens {
	if len(p.key) == 0 {
		return tokens{}
	}
	return tokens{
		token:  hmac.New(sha256.New, p.key),
		hash:   hmac.New(sha256.New, p.hashKey),
		phone:  p.phone,
		seed:   maphash.MakeSeed(),
		recent: make([]remembered, remember),
	}
}

// appendToken appends the pseudonym of a text: "tok_" and the first 128 bits, in hexadecimal, of HMAC-SHA-256 under redact.key of
// the text in normal form. It is the same wherever the text stands.
func (t *tokens) appendToken(dst, text []byte) []byte {
	if len(text) > len(t.recent[0].text) {
		return t.makeToken(dst, text)
	}
	e := &t.recent[maphash.Bytes(t.seed, text)&(remember-1)]
	if int(e.n) != len(text) || !bytes.Equal(e.text[:e.n], text) {
		t.makeToken(e.token[:0], text)
		e.n = uint8(copy(e.text[:], text))
	}
	return append(dst, e.token[:]...)
}

func (t *tokens) makeToken(dst, text []byte) []byte {
	t.normal = t.normalise(t.normal[:0], text)
	t.token.Reset()
	t.token.Write(t.normal)
	t.sum = t.token.Sum(t.sum[:0])
	return hex.AppendEncode(append(dst, tokenPrefix...), t.sum[:16])
}

// appendHash appends the whole HMAC of the exact text.
func (t *tokens) appendHash(dst, text []byte) []byte {
	t.hash.Reset()
	t.hash.Write(text)
	t.sum = t.hash.Sum(t.sum[:0])
	return hex.AppendEncode(dst, t.sum)
}

// normalise appends the form that different ways of writing one thing have in common: a phone number in E.164 form, an e-mail
// address in lower case, any other text without white space around it.
func (t *tokens) normalise(dst, text []byte) []byte {
	text = bytes.TrimSpace(text)
	if isE164(text) {
		return append(dst, text...)
	}
	if t.phone != nil {
		if number, ok := t.phone(dst, text); ok {
			return number
		}
	}
	if at := bytes.IndexByte(text, '@'); at > 0 && at < len(text)-1 && bytes.IndexByte(text, ' ') < 0 {
		return appendLower(dst, text)
	}
	return append(dst, text...)
}

// appendLower appends what bytes.ToLower returns, without memory for it.
func appendLower(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		text = text[n:]
	}
	return dst
}

// isE164 reports whether text is a plus and 7 to 15 digits that do not begin with 0.
func isE164(text []byte) bool {
	if len(text) < 8 || len(text) > 16 || text[0] != '+' || text[1] == '0' {
		return false
	}
	for _, c := range text[1:] {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}
