"""What AutoDeco costs: one decode step, whole-model generation, an epoch over the heads, memory of their loss."""
