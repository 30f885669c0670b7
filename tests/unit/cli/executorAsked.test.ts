import { expect, test } from 'vitest'
import { ExecutorSchema, LOCAL } from '#shared/executors'
import { executorAsked } from '../../../src/cli/commands/run'

const slurm = ExecutorSchema.parse({ kind: 'slurm' })
const packed = ExecutorSchema.parse({ kind: 'local', devices: [1], runsPerDevice: 2 })

test('without a flag the study says where it runs', () => {
  expect(executorAsked({ executor: slurm }, {})).toEqual({})
})

test('--local keeps what the study says of this machine', () => {
  expect(executorAsked({ executor: slurm }, { local: true })).toEqual({ executor: LOCAL })
  expect(executorAsked({ executor: packed }, { local: true })).toEqual({ executor: packed })
})

test('--devices changes devices alone, and means this machine', () => {
  const devices = (executor: typeof slurm, words: string) =>
    executorAsked({ executor }, { devices: words }).executor
  expect(devices(packed, '0, 2,2')).toEqual({ ...packed, devices: [0, 2] })
  expect(devices(packed, 'all')).toEqual({ ...packed, devices: 'all' })
  expect(devices(slurm, '3')).toEqual({ ...LOCAL, devices: [3] })
})

test.each(['', 'first', '0;1', '-1', '1.5', '0,'])('--devices "%s" is refused', (devices) => {
  expect(() => executorAsked({}, { devices })).toThrow(
    expect.objectContaining({ code: 'usage/invalid' })
  )
})
