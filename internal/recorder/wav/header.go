package wav

import (
	"encoding/binary"
	"math"
)

// header is that of a RIFF file of form WAVE: chunk "fmt ", for mu-law a chunk "fact" with the count of samples, chunk "data".
type header struct {
	channels, rate int
	muLaw          bool
	padded         bool // a byte follows the data
}

func newHeader(o Options) header {
	return header{channels: o.Channels, rate: o.Rate, muLaw: o.MuLaw}
}

// frame is the bytes of one sample of all channels.
func (h header) frame() int64 {
	if h.muLaw {
		return int64(h.channels)
	}
	return 2 * int64(h.channels)
}

func (h header) size() int64 {
	if h.muLaw {
		return 58
	}
	return 44
}

// most is how many samples of each channel a file can hold: sizes are numbers of 32 bits.
func (h header) most() int64 { return (math.MaxUint32 - h.size()) / h.frame() }

// bytes is the header of a file with this many bytes of data.
func (h header) bytes(data int64) []byte {
	le := binary.LittleEndian
	all := h.size() - 8 + data
	if h.padded {
		all++
	}
	b := make([]byte, 0, 58)
	b = le.AppendUint32(append(b, "RIFF"...), uint32(all))
	b = append(b, "WAVEfmt "...)
	format, size := uint16(1), uint32(16) // PCM
	if h.muLaw {
		format, size = 7, 18
	}
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, format)
	b = le.AppendUint16(b, uint16(h.channels))
	b = le.AppendUint32(b, uint32(h.rate))
	b = le.AppendUint32(b, uint32(int64(h.rate)*h.frame()))
	b = le.AppendUint16(b, uint16(h.frame()))
	b = le.AppendUint16(b, uint16(h.frame())/uint16(h.channels)*8)
	if h.muLaw {
		b = le.AppendUint16(b, 0) // no extension
		b = le.AppendUint32(append(b, "fact"...), 4)
		b = le.AppendUint32(b, uint32(data/h.frame()))
	}
	return le.AppendUint32(append(b, "data"...), uint32(data))
}
