/**
 * Sets what TensorFlow reads from the environment when a process loads it.
 *
 * Workers inherit it from the process that starts them, so it must be there before the first one.
 * What the user has set stays.
 *
 * @param {NodeJS.ProcessEnv} environment
 */
export function setProcessEnvironment(environment) {
  // oneDNN's kernels are the fast ones on every x86 processor of the last ten years.
  environment['TF_ENABLE_ONEDNN_OPTS'] ??= '1'
  // Warnings about instruction sets and absent GPUs say nothing that `assay doctor` does not.
  environment['TF_CPP_MIN_LOG_LEVEL'] ??= '2'
}
