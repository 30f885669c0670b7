/** GPUs that Slurm gave to a job, so that a run that was given some does not train on the processor without a word. */
import { WorkbenchError } from '#shared/errors'
import { pretendedDevices } from '#engine/backends/devices'
import type { ComputeDevice } from '#engine/workers/jobs'

type Environment = Readonly<Record<string, string | undefined>>

/** Where clusters differ in what they set, the first that is there is taken. */
const NAMES = ['CUDA_VISIBLE_DEVICES', 'SLURM_JOB_GPUS', 'SLURM_STEP_GPUS', 'GPU_DEVICE_ORDINAL']

/** The first of them that is there, in the words of a shell; `none` without any. */
export const GPUS_IN_SHELL = NAMES.reduceRight((rest, name) => `\${${name}-${rest}}`, 'none')

/** What says that there are none, for Slurm and for CUDA. */
const NONE = /^(|-\d.*|none|NoDevFiles)$/i

/** True where a variable of GPUs names some. */
export function namesGpus(value: string): boolean {
  return !NONE.test(value.trim())
}

/**
 * GPUs of the job that this process belongs to, as its environment has them: `NAME=VALUE`.
 *
 * `CUDA_VISIBLE_DEVICES` has the last word: set to `-1` or to nothing it says that the processor is meant.
 *
 * @returns null outside Slurm, and where the job has none
 */
export function slurmGpus(environment: Environment = process.env): string | null {
  if (environment['SLURM_JOB_ID'] === undefined) return null
  const name = NAMES.find((one) => environment[one] !== undefined)
  const value = name === undefined ? '' : environment[name]!
  return namesGpus(value) ? `${name}=${value}` : null
}

/**
 * Refuses to compute on the processor of a node whose GPU Slurm gave to this job: TensorFlow does so, many times
 * slower, where it was set up without GPU libraries or does not find them. Pretended devices are in place of any GPU.
 *
 * @param device what would compute; asked only where there is a GPU to be used
 * @throws WorkbenchError `backend/unavailable`
 */
export async function assertGpuUsed(
  device: () => Promise<ComputeDevice>,
  environment: Environment = process.env
): Promise<void> {
  const given = slurmGpus(environment)
  if (given === null || pretendedDevices(environment).length > 0) return
  const { name, isGpu } = await device()
  if (isGpu) return
  throw new WorkbenchError(
    'backend/unavailable',
    `Slurm gave this job a GPU (${given}), and TensorFlow does not find it: it would compute on the processor, ${name}. ${GPU_ADVICE}`,
    { expected: given, found: name }
  )
}

/** What to do about a GPU that is given and not found. */
export const GPU_ADVICE =
  'Set Assay up with its GPU libraries where the nodes find it, which a login node without a GPU does not do by itself (docs/setup.md, "Machines with a GPU"), and have the driver on the node. Where the processor is meant, ask for no GPU, or add "export CUDA_VISIBLE_DEVICES=-1" to `setup` of the executor settings.'
