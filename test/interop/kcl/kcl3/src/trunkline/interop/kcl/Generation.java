package trunkline.interop.kcl;

import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.coordinator.CoordinatorConfig.ClientVersionConfig;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** What only some generations of the library can be told. 3.x: how it stands to workers of 2.x, and how soon a dead leader is replaced. */
final class Generation {
  private Generation() {}

  static void apply(CoordinatorConfig coordinator, LeaseManagementConfig leases, String generation) {
    coordinator.clientVersionConfig(switch (generation) {
      case "3x" -> ClientVersionConfig.CLIENT_VERSION_CONFIG_3X;
      case "compatible" -> ClientVersionConfig.CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X;
      case "phase1" -> ClientVersionConfig.CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X_PHASE1;
      default -> throw new IllegalArgumentException("3.x has no generation " + generation);
    });
    // Metrics without a measured value: the library would ask the address of EC2's instance data what machine this is.
    leases.workerUtilizationAwareAssignmentConfig().disableWorkerMetrics(true);
    leases.dynamoDbLockBasedLeaderLeaseDurationInMillis(4 * leases.failoverTimeMillis());
    leases.dynamoDbLockBasedLeaderHeartbeatPeriodInMillis(leases.failoverTimeMillis());
  }
}
