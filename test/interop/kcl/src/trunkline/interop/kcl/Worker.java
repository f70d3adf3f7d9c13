package trunkline.interop.kcl;

import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsAsyncClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * A worker of the Kinesis Client Library that prints what it does, an object a line; the library itself is as it comes, with shorter
 * times. Arguments are name=value:
 *
 * <pre>
 * kinesis, dynamodb   endpoints
 * stream, table       what it joins; the table's name is that of the application
 * id                  of the worker, letters and digits; its access key too, so that a proxy in front of the table knows who writes
 * failover            failoverTimeMillis
 * generation          3.x only: 3x, compatible (with 2.x), or phase1 (likewise)
 * </pre>
 *
 * It ends on SIGTERM, after its last checkpoints, and with its standard input.
 */
public final class Worker {
  public static void main(String[] args) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (String arg : args) {
      int equals = arg.indexOf('=');
      options.put(arg.substring(0, equals), arg.substring(equals + 1));
    }
    String id = options.get("id");
    String stream = options.get("stream");
    long failover = Long.parseLong(options.get("failover"));

    KinesisAsyncClient kinesis = client(KinesisAsyncClient.builder(), options.get("kinesis"), id);
    DynamoDbAsyncClient dynamodb = client(DynamoDbAsyncClient.builder(), options.get("dynamodb"), id);
    // Not called: metrics are off.
    CloudWatchAsyncClient cloudwatch = client(CloudWatchAsyncClient.builder(), options.get("dynamodb"), id);

    var start = InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);
    var configs = new ConfigsBuilder(new SingleStreamTracker(stream, start), options.get("table"), kinesis, dynamodb, cloudwatch, id,
        () -> new Processor(id));

    var coordinator = configs.coordinatorConfig()
        .parentShardPollIntervalMillis(1000)
        .shardConsumerDispatchPollIntervalMillis(250)
        .skipShardSyncAtWorkerInitializationIfLeasesExist(true);
    var leases = configs.leaseManagementConfig()
        .failoverTimeMillis(failover)
        .shardSyncIntervalMillis(5000)
        .listShardsCacheAllowedAgeInSeconds(2);
    Generation.apply(coordinator, leases, options.getOrDefault("generation", ""));

    var scheduler = new Scheduler(
        configs.checkpointConfig(), coordinator, leases, configs.lifecycleConfig(),
        configs.metricsConfig().metricsFactory(new NullMetricsFactory()), configs.processorConfig(),
        configs.retrievalConfig().retrievalSpecificConfig(
            new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(500).maxRecords(200)));

    var ended = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        scheduler.startGracefulShutdown().get(20, TimeUnit.SECONDS);
        ended.await(20, TimeUnit.SECONDS);
        Report.event(id, "stopped", "");
      } catch (Exception e) {
        System.err.println("stop " + id + ": " + e);
      }
    }));
    var watch = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {
          // Nothing is expected: a test that was killed closes it.
        }
      } catch (IOException e) {
        // As good as closed.
      }
      Runtime.getRuntime().halt(1);
    });
    watch.setDaemon(true);
    watch.start();
    Report.event(id, "started", "");
    scheduler.run();
    ended.countDown();
  }

  private static <B extends AwsClientBuilder<B, C> & AwsAsyncClientBuilder<B, C>, C> C client(B builder, String endpoint, String id) {
    return builder
        .endpointOverride(URI.create(endpoint))
        .region(Region.EU_CENTRAL_1)
        .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create(id, "secret")))
        .httpClientBuilder(NettyNioAsyncHttpClient.builder().protocol(Protocol.HTTP1_1).maxConcurrency(100))
        .build();
  }
}
