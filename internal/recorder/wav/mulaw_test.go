package wav

import (
	"testing"
	"time"
)

// decisions are the decision values of G.711, table 2a: code n stands for magnitudes from decisions[n] on, in 14 bits.
func decisions() (x []int) {
	x = append(x, 0)
	for step, at := 2, 1; step <= 256; step *= 2 {
		for len(x) == 1 || len(x)%16 != 0 {
			x = append(x, at)
			at += step
		}
		x = append(x, at)
		at += 2 * step
	}
	return x[:128]
}

// slowMuLaw looks a sample up in the table.
func slowMuLaw(sample int16) byte {
	magnitude, sign := int(sample), byte(0x80)
	if magnitude < 0 {
		magnitude, sign = -magnitude, 0
	}
	code := 0
	for n, x := range decisions() {
		if magnitude >= 4*x {
			code = n
		}
	}
	if code == 0 {
		sign = 0x80 // there is one zero
	}
	return sign | byte(127-code)
}

// decode is the value of a code by the table, in 16 bits: half way between decisions.
func decode(code byte) int16 {
	x := append(decisions(), 8159)
	n := 127 - int(code&0x7f)
	y := 2 * (x[n] + x[n+1])
	if n == 0 {
		y = 0
	}
	if code&0x80 == 0 {
		y = -y
	}
	return int16(y)
}

// TestMuLaw holds every sample against the table of the standard.
func TestMuLaw(t *testing.T) {
	x := decisions()
	for n, want := range map[int]int{1: 1, 2: 3, 16: 31, 17: 35, 32: 95, 33: 103, 48: 223, 49: 239, 64: 479, 65: 511, 80: 991, 81: 1055, 96: 2015, 97: 2143, 112: 4063, 113: 4319, 127: 7903} {
		if x[n] != want {
			t.Fatalf("decision value %d: got %d, want %d", n, x[n], want)
		}
	}
	for v := -32768; v <= 32767; v++ {
		if v%7 != 0 && v > -30000 && v < 30000 && (v > 200 || v < -200) && v%4 != 0 {
			continue // near enough to one that is looked at
		}
		if got, want := muLaw(int16(v)), slowMuLaw(int16(v)); got != want {
			t.Fatalf("sample %d: got %#02x, want %#02x", v, got, want)
		}
	}
	for code := range 256 {
		want := byte(code)
		if code == 0x7f {
			want = 0xff // the negative zero is the zero
		}
		if got := muLaw(decode(byte(code))); got != want {
			t.Errorf("code %#02x stands for %d, which is encoded as %#02x", code, decode(byte(code)), got)
		}
	}
}

// TestMuLawTone is the digital periodic sequence of G.711, table 6: a tone of 1 kHz at the nominal level of 0 dBm0.
func TestMuLawTone(t *testing.T) {
	tone := []byte{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e}
	file := new(memory)
	w, _ := New(file, Options{Channels: 1, MuLaw: true})
	for i, code := range tone {
		v := decode(code)
		// A sine of 1 kHz at 8,000 samples a second: sin 22.5°, sin 67.5° …, negative first.
		if want := []float64{-0.3827, -0.9239, -0.9239, -0.3827, 0.3827, 0.9239, 0.9239, 0.3827}[i] * 22400; float64(v) < want-700 || float64(v) > want+700 {
			t.Errorf("code %#02x stands for %d, want about %.0f", code, v, want)
		}
		if err := w.Write(0, time.Duration(i)*125*time.Microsecond, samples(v)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := chunks(file.data); err != nil || string(found["data"]) != string(tone) {
		t.Errorf("got % x, %v; want % x", found["data"], err, tone)
	}
}
