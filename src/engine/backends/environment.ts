/** The environment a process must be born with to compute fast; imports no tensors. */

/**
 * Says which variables a forked process needs so that TensorFlow runs on a number of threads.
 *
 * TensorFlow's thread pool is per process and built once, and glibc reads its allocator's settings
 * before `main`; so all this works only in the environment given to `fork`, never by changing
 * `process.env` later. The allocator is told to keep freed memory instead of giving it back to the
 * kernel: a training step frees and takes the same large arrays again and again, and fresh pages
 * made it 1.4 to 1.8 times slower. Other C libraries ignore those variables.
 *
 * @param threads processor threads for one operation, at least 1
 * @param matmulPrecision on NVIDIA GPUs `float32` keeps cuBLAS from rounding inputs to tf32, which
 *   TensorFlow does unasked on recent ones; a processor always computes in float32
 * @returns variables to be laid over the parent's environment
 * @see https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
 */
export function threadEnvironment(
  threads: number,
  matmulPrecision: 'float32' | 'tf32' = 'float32'
): Record<string, string> {
  const count = String(Math.max(1, Math.floor(threads)))
  return {
    TF_NUM_INTRAOP_THREADS: count,
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: count,
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '3',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    NVIDIA_TF32_OVERRIDE: matmulPrecision === 'tf32' ? '1' : '0',
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_MAX_: '0',
    MALLOC_TRIM_THRESHOLD_: '1099511627776',
    MALLOC_TOP_PAD_: '67108864'
  }
}
