import { describe, expect, test } from 'vitest'
import { examineMachine } from '#engine/doctor'
import { WorkbenchError } from '#shared/errors'

const BACKEND = {
  name: 'tensorflow',
  usable: true,
  reason: null,
  device: 'a processor',
  isGpu: false,
  memoryBytes: null,
  version: '2.21.0',
  gflops: 430
}
const noGpus = () => Promise.resolve({ gpus: [], reason: 'none asked' })
const noDevices = () => Promise.resolve([])

describe('examineMachine', () => {
  test('a machine whose backend runs can train, and names its TensorFlow', async () => {
    const report = await examineMachine({
      folder: process.cwd(),
      versions: { zod: '4.6.7' },
      probeBackends: () => Promise.resolve([BACKEND]),
      listGpus: noGpus,
      readDevices: noDevices
    })
    expect(report.canTrain).toBe(true)
    expect(report.versions).toEqual({ TensorFlow: '2.21.0', zod: '4.6.7' })
    expect(report.memory.availableBytes).toBeGreaterThan(0)
    expect(report.memory.availableBytes).toBeLessThanOrEqual(report.memory.totalBytes)
    expect(report.disk.freeBytes).toBeGreaterThan(0)
  })

  test('a worker that dies while probing becomes a reason, not an exception', async () => {
    const report = await examineMachine({
      folder: process.cwd(),
      versions: {},
      probeBackends: () => Promise.reject(new WorkbenchError('worker/died', 'it was killed')),
      listGpus: noGpus,
      readDevices: noDevices
    })
    expect(report).toMatchObject({ canTrain: false, backends: [], probeFailure: 'it was killed' })
  })
})
