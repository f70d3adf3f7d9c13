package trunkline.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import software.amazon.kinesis.retrieval.AggregatorUtil;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * Takes records apart with the Kinesis Client Library.
 *
 * <p>Standard input: a line for each record, its data in base64, and the shard's first and last hash key. Standard output: a line for
 * each record: "ordinary", or for each of its sub-records a group of sub-sequence number, partition key, explicit hash key ("-" for
 * none) and data, with a space behind each; keys and data in base64.
 */
public final class Split {
    public static void main(String[] args) throws IOException {
        AggregatorUtil util = new AggregatorUtil();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8)) {
            for (String line; (line = in.readLine()) != null; ) {
                String[] words = line.split(" ", -1);
                KinesisClientRecord record = KinesisClientRecord.builder()
                        .data(ByteBuffer.wrap(Base64.getDecoder().decode(words[0])))
                        .partitionKey("outer")
                        .sequenceNumber("1")
                        .build();
                StringBuilder answer = new StringBuilder();
                for (KinesisClientRecord r : util.deaggregate(List.of(record), new BigInteger(words[1]), new BigInteger(words[2]))) {
                    if (!r.aggregated()) {
                        answer.append("ordinary");
                        continue;
                    }
                    answer.append(r.subSequenceNumber()).append(' ');
                    answer.append(encode(r.partitionKey().getBytes(StandardCharsets.UTF_8))).append(' ');
                    answer.append(r.explicitHashKey() == null ? "-" : encode(r.explicitHashKey().getBytes(StandardCharsets.UTF_8))).append(' ');
                    byte[] data = new byte[r.data().remaining()];
                    r.data().get(data);
                    answer.append(encode(data)).append(' ');
                }
                out.println(answer);
            }
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
