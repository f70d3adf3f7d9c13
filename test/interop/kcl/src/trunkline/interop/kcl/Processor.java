package trunkline.interop.kcl;

import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;

/** Reports the records of one shard and checkpoints after each batch of them. */
final class Processor implements ShardRecordProcessor {
  private final String worker;
  private String shard;

  Processor(String worker) {
    this.worker = worker;
  }

  @Override
  public void initialize(InitializationInput input) {
    shard = input.shardId();
    Report.event(worker, "begin", shard);
  }

  @Override
  public void processRecords(ProcessRecordsInput input) {
    if (input.records().isEmpty()) {
      return;
    }
    for (var record : input.records()) {
      Report.record(worker, shard, record);
    }
    var last = input.records().get(input.records().size() - 1);
    checkpoint(() -> input.checkpointer().checkpoint(last.sequenceNumber(), last.subSequenceNumber()));
  }

  @Override
  public void leaseLost(LeaseLostInput input) {
    Report.event(worker, "lost", shard);
  }

  @Override
  public void shardEnded(ShardEndedInput input) {
    Report.event(worker, "ended", shard);
    checkpoint(() -> input.checkpointer().checkpoint());
  }

  @Override
  public void shutdownRequested(ShutdownRequestedInput input) {
    RecordProcessorCheckpointer checkpointer = input.checkpointer();
    checkpoint(() -> checkpointer.checkpoint());
    Report.event(worker, "drained", shard);
  }

  private interface Checkpoint {
    void make() throws Exception;
  }

  /** A checkpoint that is refused is no fault here: the lease was lost, and who has it now begins where the last one stands. */
  private void checkpoint(Checkpoint checkpoint) {
    try {
      checkpoint.make();
    } catch (Exception e) {
      Report.event(worker, "refused", shard);
      System.err.println(worker + ": checkpoint of " + shard + ": " + e);
    }
  }
}
