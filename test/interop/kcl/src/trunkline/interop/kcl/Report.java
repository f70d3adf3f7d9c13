package trunkline.interop.kcl;

import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/** What this worker does, for the test that started it: an object a line on standard output, written before the call returns. */
final class Report {
  private static final OutputStream OUT = new FileOutputStream(FileDescriptor.out);

  private Report() {}

  static void event(String worker, String event, String shard) {
    write(String.format("{\"time\":%d,\"worker\":\"%s\",\"event\":\"%s\",\"shard\":\"%s\"}\n", now(), worker, event, shard));
  }

  static void record(String worker, String shard, KinesisClientRecord record) {
    byte[] data = new byte[record.data().remaining()];
    record.data().duplicate().get(data);
    write(String.format("{\"time\":%d,\"worker\":\"%s\",\"event\":\"record\",\"shard\":\"%s\",\"sequence\":\"%s\",\"sub\":%d,\"data\":\"%s\"}\n",
        now(), worker, shard, record.sequenceNumber(), record.subSequenceNumber(), Base64.getEncoder().encodeToString(data)));
  }

  private static long now() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  private static synchronized void write(String line) {
    try {
      OUT.write(line.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      Runtime.getRuntime().halt(1); // nobody listens any more
    }
  }
}
