// Measurements over a vector layer that the including file defines:
//   NAME, LANES, vec, v_load, v_set, v_add, v_fma, v_sum

// Best of several rounds: what disturbs a round only makes it slower.
#define ROUNDS 9

static double measure_fma(void) {
  double best = 0;
  for (int round = 0; round < ROUNDS; round++) {
    vec acc[12];
    for (int i = 0; i < 12; i++) acc[i] = v_set((float)i);
    vec a = v_set(0.5f), b = v_set(1.0f);
    long turns = 200000;
    double start = now();
    for (long turn = 0; turn < turns; turn++) {
      _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) {
        acc[i] = v_fma(acc[i], a, b);
        __asm__("" : "+v"(acc[i]));
      }
    }
    double rate = (double)turns * 12 * LANES / (now() - start);
    for (int i = 0; i < 12; i++) sink = v_sum(acc[i]);
    best = rate > best ? rate : best;
  }
  return best;
}

static double measure_load(const float *memory, size_t bytes) {
  double best = 0;
  size_t count = bytes / sizeof(float);
  long turns = (long)((32u << 20) / bytes) + 1;
  for (int round = 0; round < ROUNDS; round++) {
    double start = now();
    for (long turn = 0; turn < turns; turn++)
      for (size_t i = 0; i + 8 * LANES <= count; i += 8 * LANES)
        _Pragma("clang loop unroll(full)") for (int k = 0; k < 8; k++) {
          vec value = v_load(memory + i + k * LANES);
          __asm__ volatile("" : : "v"(value));
        }
    double rate = (double)turns * (double)bytes / (now() - start);
    best = rate > best ? rate : best;
  }
  return best;
}

// Four sums at once, so that no addition waits for another.
static double measure_rows(const float *table, const uint16_t *entries, size_t count) {
  double best = 0;
  long turns = (long)((4u << 20) / count) + 1;
  for (int round = 0; round < ROUNDS; round++) {
    vec acc[4][32 / LANES];
    for (int i = 0; i < 4; i++)
      for (int v = 0; v < 32 / LANES; v++) acc[i][v] = v_set(0);
    double start = now();
    for (long turn = 0; turn < turns; turn++)
      for (size_t i = 0; i + 8 <= count; i += 8)
        _Pragma("clang loop unroll(full)") for (int k = 0; k < 8; k++) {
          const float *row = (const float *)((const char *)table
            + (size_t)*(const volatile uint16_t *)(entries + i + k) * 8);
          for (int v = 0; v < 32 / LANES; v++)
            acc[k % 4][v] = v_add(acc[k % 4][v], v_load(row + v * LANES));
        }
    double rate = (double)turns * (double)(count / 8 * 8) / (now() - start);
    for (int i = 0; i < 4; i++)
      for (int v = 0; v < 32 / LANES; v++) sink = v_sum(acc[i][v]);
    best = rate > best ? rate : best;
  }
  return best;
}

static const roofline measurements = {NAME, measure_fma, measure_load, measure_rows};
