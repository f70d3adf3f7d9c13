package trunkline.interop;

import com.amazonaws.kinesisvideo.parser.ebml.EBMLTypeInfo;
import com.amazonaws.kinesisvideo.parser.ebml.InputStreamParserByteSource;
import com.amazonaws.kinesisvideo.parser.ebml.MkvTypeInfos;
import com.amazonaws.kinesisvideo.parser.mkv.Frame;
import com.amazonaws.kinesisvideo.parser.mkv.MkvDataElement;
import com.amazonaws.kinesisvideo.parser.mkv.MkvElement;
import com.amazonaws.kinesisvideo.parser.mkv.MkvEndMasterElement;
import com.amazonaws.kinesisvideo.parser.mkv.MkvStartMasterElement;
import com.amazonaws.kinesisvideo.parser.mkv.StreamingMkvReader;
import com.amazonaws.kinesisvideo.parser.utilities.FragmentMetadata;
import com.amazonaws.kinesisvideo.parser.utilities.FragmentMetadataVisitor;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Reads streams with AWS's parser.
 *
 * <p>Standard input: streams, each with its length before it in four bytes. Standard output for each stream: a line for each Segment,
 * Cluster, track, tag, frame, and for what the parser's FragmentMetadataVisitor made of a fragment when its Cluster began; then "end", or
 * "error" and a name. Texts are in hexadecimal, frames are a length and a CRC-32.
 */
public final class Parse {
    private final PrintStream out;
    private byte[] name;
    private byte[] value;
    private BigInteger number;
    private BigInteger time;

    private Parse(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
                PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8)) {
            while (true) {
                byte[] stream;
                try {
                    stream = new byte[in.readInt()];
                } catch (EOFException end) {
                    return;
                }
                in.readFully(stream);
                try {
                    new Parse(out).read(stream);
                    out.println("end");
                } catch (Exception | OutOfMemoryError e) {
                    out.println("error " + e.getClass().getSimpleName());
                }
            }
        }
    }

    private void read(byte[] stream) throws Exception {
        StreamingMkvReader reader = StreamingMkvReader.createDefault(new InputStreamParserByteSource(new ByteArrayInputStream(stream)));
        FragmentMetadataVisitor fragments = FragmentMetadataVisitor.create();
        while (reader.mightHaveNext()) {
            Optional<MkvElement> next = reader.nextIfAvailable();
            if (next.isEmpty()) {
                continue;
            }
            MkvElement element = next.get();
            element.accept(fragments);
            EBMLTypeInfo type = element.getElementMetaData().getTypeInfo();
            if (element instanceof MkvStartMasterElement) {
                start(type, fragments);
            } else if (element instanceof MkvEndMasterElement) {
                end(type, element);
            } else {
                data(type, (MkvDataElement) element);
            }
        }
    }

    private void start(EBMLTypeInfo type, FragmentMetadataVisitor fragments) {
        if (type.equals(MkvTypeInfos.SEGMENT)) {
            out.println("segment");
        } else if (type.equals(MkvTypeInfos.CLUSTER)) {
            out.print("cluster");
            fragments.getCurrentFragmentMetadata().ifPresent(this::print);
            out.println();
        }
        name = type.equals(MkvTypeInfos.SIMPLETAG) || type.equals(MkvTypeInfos.TRACKENTRY) ? null : name;
        value = type.equals(MkvTypeInfos.SIMPLETAG) ? null : value;
    }

    private void print(FragmentMetadata f) {
        out.print(" " + f.getFragmentNumberString() + " " + f.getProducerSideTimestampMillis() + " " + f.getServerSideTimestampMillis());
    }

    private void end(EBMLTypeInfo type, MkvElement element) {
        if (type.equals(MkvTypeInfos.SIMPLETAG) && under(element, MkvTypeInfos.TAGS, MkvTypeInfos.TAG)) {
            out.println("tag " + hex(name) + " " + hex(value));
        } else if (type.equals(MkvTypeInfos.TRACKENTRY) && under(element, MkvTypeInfos.TRACKS)) {
            out.println("track " + number + " " + hex(name));
            name = null;
        }
    }

    private void data(EBMLTypeInfo type, MkvDataElement element) {
        if (type.equals(MkvTypeInfos.TAGNAME) || type.equals(MkvTypeInfos.NAME)) {
            name = bytes(element);
        } else if (type.equals(MkvTypeInfos.TAGSTRING)) {
            value = bytes(element);
        } else if (type.equals(MkvTypeInfos.TRACKNUMBER)) {
            number = new BigInteger(1, bytes(element));
        } else if (type.equals(MkvTypeInfos.TIMECODE)) {
            time = new BigInteger(1, bytes(element));
            out.println("time " + time);
        } else if (type.equals(MkvTypeInfos.SIMPLEBLOCK) || type.equals(MkvTypeInfos.BLOCK)) {
            Frame frame = Frame.withCopy(element.getDataBuffer().duplicate());
            CRC32 sum = new CRC32();
            ByteBuffer data = frame.getFrameData();
            sum.update(data.duplicate());
            out.println("frame " + frame.getTrackNumber() + " " + time.add(BigInteger.valueOf(frame.getTimeCode())) + " " + frame.getLacing() + " "
                    + data.remaining() + " " + sum.getValue());
        }
    }

    /** Tells whether the element stands in masters of these types, the last of them around it. */
    private static boolean under(MkvElement element, EBMLTypeInfo... types) {
        List<EBMLTypeInfo> path = element.getElementPath().stream().map(m -> m.getTypeInfo()).toList();
        return path.size() >= types.length && path.subList(path.size() - types.length, path.size()).equals(List.of(types));
    }

    private static byte[] bytes(MkvDataElement element) {
        ByteBuffer data = element.getDataBuffer().duplicate();
        byte[] copy = new byte[data.remaining()];
        data.get(copy);
        return copy;
    }

    private static String hex(byte[] text) {
        return text == null ? "-" : HexFormat.of().formatHex(text);
    }
}
