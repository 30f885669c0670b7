import { expect, test } from 'vitest'
import { NodeFailures, unusableNode } from '#engine/executors/slurm/nodeFailures'
import { assertGpuUsed, slurmGpus } from '#engine/executors/slurm/slurmGpus'
import { WorkbenchError } from '#shared/errors'
import type { ErrorDetails } from '#shared/errors'
import { SlurmExecutorSchema } from '#shared/executors'

const settings = (...options: string[]) => SlurmExecutorSchema.parse({ kind: 'slurm', options })
const unusable = unusableNode('node7', 'No GPU.')
const failed = (details: ErrorDetails) =>
  new WorkbenchError('executor/failed', 'It failed.', details)
const lost = (details: ErrorDetails) => new WorkbenchError('executor/lost', 'It is lost.', details)

test('a node that fails two elements in a row is left out, and says why', () => {
  const nodes = new NodeFailures()
  expect(nodes.leftOut(settings('--nice'))).toEqual(settings('--nice'))
  expect(nodes.failed('node7', '1_0', unusable)).toBe(null)
  // Another model of the same element.
  expect(nodes.failed('node7', '1_0', unusable)).toBe(null)
  expect(nodes.failed('node8', '1_1', unusable)).toBe(null)
  expect(nodes.failed('node7', '1_2', unusable)).toMatch(
    /^2 elements in a row failed on it, .* The last failed so: The node node7 of the cluster cannot compute: No GPU\.$/
  )
  // Told once.
  expect(nodes.failed('node7', '1_3', unusable)).toBe(null)
  expect(nodes.leftOut(settings('--nice')).options).toEqual(['--nice', '--exclude=node7'])
  nodes.failed('node8', '1_4', unusable)
  const both = ['--exclude=node[1-3],node7,node8']
  for (const own of ['--exclude=node[1-3]', '--exclude node[1-3]', '-x node[1-3]']) {
    expect(nodes.leftOut(settings(own)).options).toEqual(both)
  }
  // A list in a file cannot be added to.
  expect(nodes.leftOut(settings('--exclude=./bad')).options).toEqual(['--exclude=./bad'])
})

test('a node that did something in between is not left out', () => {
  const nodes = new NodeFailures()
  nodes.failed('node7', '1_0', unusable)
  nodes.worked('node7')
  expect(nodes.failed('node7', '1_1', unusable)).toBe(null)
  expect(nodes.failed('node7', '1_2', unusable)).not.toBe(null)
})

test.each([
  [new WorkbenchError('worker/died', 'It died.'), true],
  [new WorkbenchError('backend/out-of-memory', 'Too little.'), true],
  [failed({ exitStatus: 127 }), true],
  [failed({ exitStatus: 66 }), true],
  [lost({ state: 'NODE_FAIL' }), true],
  // The run's own, its time's, or somebody's who wanted the node.
  [failed({ exitStatus: 3 }), false],
  [failed({ state: 'OUT_OF_MEMORY', exitStatus: 0 }), false],
  [lost({ state: 'TIMEOUT' }), false],
  [lost({ state: 'PREEMPTED' }), false],
  [new WorkbenchError('run/diverged', 'NaN'), false]
])('of %o the node is the reason: %s', (error, isIt) => {
  const nodes = new NodeFailures()
  nodes.failed('node7', '1_0', error)
  expect(nodes.failed('node7', '1_1', error) !== null).toBe(isIt)
})

test('a refusal for want of nodes names those that are left out', () => {
  const nodes = new NodeFailures()
  const refused = new WorkbenchError('executor/refused', 'Slurm refuses the job.')
  expect(nodes.explained(refused)).toBe(refused)
  for (const element of ['1_0', '1_1']) nodes.failed('node7', element, unusable)
  expect(nodes.explained(refused)).toMatchObject({
    code: 'executor/refused',
    message: expect.stringMatching(
      /^Slurm refuses the job\. Perhaps no other nodes .* node7: 2 elements in a row/
    ) as string
  })
  const other = new WorkbenchError('executor/unavailable', 'No sbatch.')
  expect(nodes.explained(other)).toBe(other)
})

test.each([
  [{}, null],
  [{ CUDA_VISIBLE_DEVICES: '0,1' }, 'CUDA_VISIBLE_DEVICES=0,1'],
  [{ CUDA_VISIBLE_DEVICES: 'GPU-8a1f' }, 'CUDA_VISIBLE_DEVICES=GPU-8a1f'],
  [{ SLURM_JOB_GPUS: '3' }, 'SLURM_JOB_GPUS=3'],
  [{ SLURM_STEP_GPUS: '3' }, 'SLURM_STEP_GPUS=3'],
  [{ GPU_DEVICE_ORDINAL: '0' }, 'GPU_DEVICE_ORDINAL=0'],
  [{ CUDA_VISIBLE_DEVICES: 'NoDevFiles' }, null],
  // Hidden on purpose.
  [{ CUDA_VISIBLE_DEVICES: '-1', SLURM_JOB_GPUS: '3' }, null],
  [{ CUDA_VISIBLE_DEVICES: '', SLURM_JOB_GPUS: '3' }, null]
])('of a job with %o the GPUs are %s', (environment, expected) => {
  expect(slurmGpus({ SLURM_JOB_ID: '1', ...environment })).toBe(expected)
  expect(slurmGpus(environment)).toBe(null)
})

test('a GPU that Slurm gave is computed on, or nothing is', async () => {
  const given = { SLURM_JOB_ID: '1', CUDA_VISIBLE_DEVICES: '0' }
  const processor = () => Promise.resolve({ name: 'AMD EPYC 7763', isGpu: false })
  await expect(assertGpuUsed(processor, given)).rejects.toMatchObject({
    code: 'backend/unavailable',
    message: expect.stringMatching(
      /\(CUDA_VISIBLE_DEVICES=0\), .* on the processor, AMD EPYC 7763\. Set Assay up with its GPU/
    ) as string
  })
  await assertGpuUsed(() => Promise.resolve({ name: 'NVIDIA H100', isGpu: true }), given)
  await assertGpuUsed(processor, { SLURM_JOB_ID: '1' })
  await assertGpuUsed(processor, { ...given, ASSAY_PRETENDED_DEVICES: '1' })
})
