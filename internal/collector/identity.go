package collector

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"time"

	"golang.org/x/crypto/blake2b"

	"trunkline/contact"
	"trunkline/internal/collector/dedupe"
)

// Keys are the secrets that identities are made with, one for each purpose.
type Keys struct{ idempotency, identity, content []byte }

// DeriveKeys makes the keys from redact.key, or from the state's own secret where there is none.
func DeriveKeys(secret []byte) Keys {
	derive := func(label string) []byte {
		key, err := hkdf.Key(sha256.New, secret, nil, "trunkline "+label, sha256.Size)
		if err != nil {
			panic("collector: HKDF of 32 bytes: " + err.Error()) // only a longer output can fail
		}
		return key
	}
	return Keys{derive("idempotency key"), derive("record identity"), derive("content hash")}
}

// ID is what the versions of a contact or event are known by: [dedupe.Version].ID.
func (k Keys) ID(kind contact.Kind, id string) [16]byte { return k.identifier().id(kind, []byte(id)) }

// Content is the keyed hash of a record's text: [dedupe.Version].Content.
func (k Keys) Content(raw []byte) [16]byte { return k.identifier().contentHash(raw) }

// identifier computes identities for one goroutine.
type identifier struct {
	idempotency, identity, content hash.Hash
	sum, prefix                    []byte
}

func (k Keys) identifier() *identifier {
	// BLAKE2b, because it runs over every byte of every record that is deduplicated: three times as fast as SHA-256 on
	// processors without instructions for that.
	content, err := blake2b.New(16, k.content)
	if err != nil {
		panic("collector: BLAKE2b with a key of 32 bytes: " + err.Error()) // only a longer key can fail
	}
	return &identifier{
		idempotency: hmac.New(sha256.New, k.idempotency),
		identity:    hmac.New(sha256.New, k.identity),
		content:     content,
	}
}

// identity is what a record is known by beside its text. It is not touched by what stages do to the record.
type identity struct {
	kind    contact.Kind
	id      []byte
	version time.Time
}

// take makes i the identity of r, in its own memory.
func (i *identity) take(r *contact.Record) {
	i.kind, i.id, i.version = r.Kind(), append(i.id[:0], r.ID()...), r.Version()
}

// version identifies a record; raw is its text as read.
func (d *identifier) version(of *identity, raw []byte) (v dedupe.Version) {
	v.ID = d.id(of.kind, of.id)
	v.Time = dedupe.NoTime
	if !of.version.IsZero() {
		v.Time = of.version.UnixMicro()
	}
	v.Content = d.contentHash(raw)
	return v
}

func (d *identifier) id(kind contact.Kind, id []byte) (sum [16]byte) {
	d.identity.Reset()
	d.prefix = append(append(d.prefix[:0], byte(kind)), id...)
	d.identity.Write(d.prefix)
	d.sum = d.identity.Sum(d.sum[:0])
	copy(sum[:], d.sum)
	return sum
}

func (d *identifier) contentHash(raw []byte) (sum [16]byte) {
	d.content.Reset()
	d.content.Write(raw)
	d.sum = d.content.Sum(d.sum[:0])
	copy(sum[:], d.sum)
	return sum
}

// key is the record's Idempotency-Key: base64url of the first 16 bytes of HMAC-SHA-256 over the kind, the ContactId or EventId and
// the version, each behind its length, and the keyed hash of the text as read. It is a function of the record and the keys alone.
func (d *identifier) key(of *identity, content [16]byte) string {
	d.idempotency.Reset()
	d.prefix = appendField(d.prefix[:0], []byte(of.kind.String()))
	d.prefix = appendField(d.prefix, of.id)
	var version [8]byte
	if !of.version.IsZero() {
		binary.BigEndian.PutUint64(version[:], uint64(of.version.UnixMicro()))
	}
	d.prefix = appendField(d.prefix, version[:])
	d.prefix = append(d.prefix, content[:]...)
	d.idempotency.Write(d.prefix)
	d.sum = d.idempotency.Sum(d.sum[:0])
	return base64.RawURLEncoding.EncodeToString(d.sum[:16])
}

func appendField(dst, field []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(field)))
	return append(dst, field...)
}
