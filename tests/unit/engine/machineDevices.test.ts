import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { MachineDevices } from '#engine/machineDevices'

afterEach(() => void vi.unstubAllEnvs())

const use = (index: number, pids: number[], setAside: string | null = null) => ({
  index,
  name: `pretended ${index}`,
  pids,
  jobs: pids.map((pid) => `run of ${pid}`),
  setAside
})

test('of a pretended device load and memory are its processes, and it says what runs there', async () => {
  vi.stubEnv('ASSAY_PRETENDED_DEVICES', '3')
  const { pid } = process
  const devices = new MachineDevices({ devices: [use(0, [pid]), use(1, [], 'it broke')] })
  const [first, second, third] = await devices.read()
  expect(first).toMatchObject({ load: null, runs: [`run of ${pid}`], setAside: null })
  expect(first!.usedBytes).toBeGreaterThan(1e6)
  expect(second).toMatchObject({ name: 'pretended 1', usedBytes: 0, setAside: 'it broke' })
  // Nothing was placed on it yet: the pool does not know it.
  expect(third).toMatchObject({ index: 2, runs: [], usedBytes: 0, setAside: null })
  await wait(600)
  const [later, idle] = await devices.read()
  expect(later!.load).toBeGreaterThanOrEqual(0)
  expect(later!.load).toBeLessThanOrEqual(1)
  expect(idle!.load).toBe(0)
})

test('of a process that is gone nothing is known', async () => {
  vi.stubEnv('ASSAY_PRETENDED_DEVICES', '1')
  const [device] = await new MachineDevices({ devices: [use(0, [2 ** 30])] }).read()
  expect(device).toMatchObject({ load: null, usedBytes: null })
})
