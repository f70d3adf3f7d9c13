package trunkline.interop.kcl;

import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** What only some generations of the library can be told. 2.x: nothing. */
final class Generation {
  private Generation() {}

  static void apply(CoordinatorConfig coordinator, LeaseManagementConfig leases, String generation) {
    if (!generation.isEmpty()) {
      throw new IllegalArgumentException("2.x has no generation " + generation);
    }
  }
}
