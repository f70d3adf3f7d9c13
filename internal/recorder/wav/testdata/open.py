# open reads each file of a folder with Python's own reader of WAV files, and prints a line for it:
#
#   NAME CHANNELS WIDTH RATE FRAMES-CLAIMED SHA-256-OF-FRAMES     or     NAME error
#
# That reader knows PCM only. Files of mu-law are read by their chunks here, and decoded by the standard's formula, or where Python still
# has it, by its module audioop; the hash is then that of the decoded samples.

import hashlib, os, struct, sys, warnings, wave

warnings.simplefilter("ignore")
try:
    import audioop
except ImportError:
    audioop = None


def formula(code):
    code = ~code & 0xFF
    magnitude = ((2 * (code & 15) + 33) << (code >> 4 & 7)) - 33
    return -4 * magnitude if code & 0x80 else 4 * magnitude


def mu_law(data):
    decoded = struct.pack("<%dh" % len(data), *map(formula, data))
    if audioop and audioop.ulaw2lin(data, 2) != decoded:
        sys.exit("the formula and audioop differ")
    if audioop and audioop.lin2ulaw(decoded, 2) != data.replace(b"\x7f", b"\xff"):
        sys.exit("audioop encodes otherwise")
    return decoded


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[20:22] != b"\x07\x00":
        with wave.open(path) as w:
            return w.getnchannels(), w.getsampwidth(), w.getframerate(), w.getnframes(), w.readframes(w.getnframes())
    channels, rate = struct.unpack("<HI", data[22:28])
    name, _, count, data_name, size = struct.unpack("<4sII4sI", data[38:58])
    if (name, data_name) != (b"fact", b"data") or size != count * channels:
        raise EOFError
    return channels, 1, rate, count, mu_law(data[58 : 58 + size])


for name in sorted(os.listdir(sys.argv[1])):
    try:
        channels, width, rate, frames, data = read(os.path.join(sys.argv[1], name))
        print(name, channels, width, rate, frames, hashlib.sha256(data).hexdigest())
    except (wave.Error, EOFError, struct.error):
        print(name, "error")
