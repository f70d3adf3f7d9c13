package trunkline.interop;

import com.amazonaws.kinesis.agg.AggRecord;
import com.amazonaws.kinesis.agg.RecordAggregator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Makes aggregates with AWS's aggregator.
 *
 * <p>Standard input: a line for each record, its partition key, explicit hash key and data in base64 with a space between; "-" stands
 * for no explicit hash key. An empty line ends an aggregate. Standard output: a line for each aggregate, in base64.
 */
public final class Aggregate {
    public static void main(String[] args) throws Exception {
        Base64.Decoder decoder = Base64.getDecoder();
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8)) {
            RecordAggregator aggregator = new RecordAggregator();
            for (String line; (line = in.readLine()) != null; ) {
                if (line.isEmpty()) {
                    AggRecord aggregate = aggregator.clearAndGet();
                    out.println(Base64.getEncoder().encodeToString(aggregate.toRecordBytes()));
                    continue;
                }
                String[] words = line.split(" ", -1);
                String key = new String(decoder.decode(words[0]), StandardCharsets.UTF_8);
                String hash = words[1].equals("-") ? null : new String(decoder.decode(words[1]), StandardCharsets.UTF_8);
                if (aggregator.addUserRecord(key, hash, decoder.decode(words[2])) != null) {
                    throw new IOException("the aggregate is full");
                }
            }
        }
    }
}
