/** Which TensorFlow this machine gets: `gpu` where there is an NVIDIA driver, else `cpu`. */
import { spawnSync } from 'node:child_process'
import { SetupFailure } from './failure.mjs'
import { findProgram } from './run.mjs'

/**
 * Decides by `ASSAY_TENSORFLOW`, else by whether nvidia-smi answers.
 *
 * The GPU flavour stays where it is laid, unless the other is asked for: it computes on processors too, and on storage that a
 * login node without a GPU shares with nodes that have some, it would be taken from under these. nvidia-smi may take seconds.
 *
 * @param {import('./pins.mjs').Flavour | null} laid
 * @param {NodeJS.ProcessEnv} environment
 * @returns {import('./pins.mjs').Flavour}
 */
export function chooseFlavour(laid, environment = process.env) {
  const asked = environment['ASSAY_TENSORFLOW']
  if (asked === 'cpu' || asked === 'gpu') return asked
  if (asked) {
    throw new SetupFailure(
      `ASSAY_TENSORFLOW is "${asked}"; expected "cpu" or "gpu". Unset it to let the machine decide.`
    )
  }
  if (laid === 'gpu') return 'gpu'
  const program = findProgram('nvidia-smi', environment)
  if (!program) return 'cpu'
  const answer = spawnSync(program, ['-L'], { encoding: 'utf8', timeout: 60_000 })
  return answer.status === 0 && answer.stdout.includes('GPU ') ? 'gpu' : 'cpu'
}
