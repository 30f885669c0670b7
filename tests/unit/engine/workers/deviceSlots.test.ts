import { expect, test } from 'vitest'
import { DeviceSlots } from '#engine/workers/deviceSlots'
import type { PoolDevice } from '#engine/workers/deviceSlots'

interface Slot {
  device: PoolDevice
  job: string | null
}

const deviceOf = (index: number): PoolDevice => ({
  index,
  name: `device ${index}`,
  environment: () => ({})
})
const DIED = { code: 'worker/died', message: 'A worker died.', details: {} } as const
const OOM = { code: 'backend/out-of-memory', message: 'Too little.', details: {} } as const

function slotsOf(count: number): DeviceSlots<Slot> {
  const slots = new DeviceSlots<Slot>((device) => ({ device, job: null }))
  slots.add(Array.from({ length: count }, (_, index) => deviceOf(index)))
  return slots
}

/** Gives jobs to slots; the devices they went to, null where they must wait. */
function take(slots: DeviceSlots<Slot>, jobs: number, place: Parameters<typeof slots.find>[0]) {
  return Array.from({ length: jobs }, (_, job) => {
    const slot = slots.find(place)
    if (slot) slot.job = `job ${job}`
    return slot?.device.index ?? null
  })
}

test('jobs go where the fewest are, and wait when all are full', () => {
  const devices = [0, 1, 2]
  expect(take(slotsOf(3), 4, { devices, perDevice: 1 })).toEqual([0, 1, 2, null])
  expect(take(slotsOf(3), 7, { devices, perDevice: 2 })).toEqual([0, 1, 2, 0, 1, 2, null])
  expect(take(slotsOf(3), 3, { devices: [2, 1], perDevice: 1 })).toEqual([1, 2, null])
})

test('a worker is used again, and one that is preferred is taken where it is free', () => {
  const slots = slotsOf(3)
  const place = { devices: [0, 1, 2], perDevice: 1 }
  expect(take(slots, 1, { ...place, prefer: 2 })).toEqual([2])
  expect(take(slots, 1, { ...place, prefer: 2 })).toEqual([0])
  const [used] = slots.slots
  used!.job = null
  expect(slots.find(place)).toBe(used)
  expect(slots.slots).toHaveLength(2)
})

test('a job waits for another device rather than go where it failed, while there is another', () => {
  const slots = slotsOf(2)
  const place = { devices: [0, 1], perDevice: 1 }
  take(slots, 1, { ...place, prefer: 1 })
  expect(slots.find({ ...place, avoid: new Set([0]) })).toBe(null)
  expect(slots.find({ ...place, avoid: new Set([0, 1]) })?.device.index).toBe(0)
})

test('two failures in a row set a device aside; what succeeds between begins the count anew', () => {
  const slots = slotsOf(2)
  const [first] = slots.states
  const { device } = first!
  expect(slots.note(device, DIED)).toBe(null)
  expect(slots.note(device, null)).toBe(null)
  expect(slots.note(device, DIED)).toBe(null)
  // The run's own fault: the device did what it should.
  expect(slots.note(device, { ...DIED, code: 'run/diverged', message: 'NaN' })).toBe(null)
  expect(slots.note(device, DIED)).toBe(null)
  expect(slots.note(device, { ...DIED, code: 'backend/unavailable', message: 'No GPU.' })).toBe(
    '2 jobs in a row failed on it, the last so: No GPU.'
  )
  // Told once.
  expect(slots.note(device, DIED)).toBe(null)
  expect(take(slots, 2, { devices: [0, 1], perDevice: 1 })).toEqual([1, null])
})

test('of devices with as few jobs the one with the most free memory is taken, whoever has the rest', () => {
  const memory = new Map(
    [3e9, 79e9, 79.2e9].map((freeBytes, index) => [index, { freeBytes, words: '' }])
  )
  const place = { devices: [0, 1, 2], perDevice: 2, memory }
  // A fifth of a GB is no difference.
  expect(take(slotsOf(3), 4, place)).toEqual([1, 2, 0, 1])
  expect(take(slotsOf(3), 1, { ...place, prefer: 0 })).toEqual([0])
  expect(take(slotsOf(3), 1, { ...place, memory: new Map() })).toEqual([0])
})

test('want of memory counts for a device where nothing else was done on it', () => {
  const slots = slotsOf(2)
  const { device } = slots.states[0]!
  const memory = { words: '1 GB were free' }
  const place = { devices: [0], perDevice: 2 }
  const beside = slots.find(place)!
  beside.job = 'beside'
  // Those that share it may have it; and the machine's own memory is no device's.
  for (let times = 0; times < 3; times++) expect(slots.note(device, OOM, memory)).toBe(null)
  beside.job = null
  for (let times = 0; times < 3; times++) {
    expect(slots.note(device, { ...OOM, details: { of: 'machine' } }, memory)).toBe(null)
  }
  expect(slots.note(device, OOM, memory)).toBe(null)
  expect(slots.note(device, OOM, memory)).toBe(
    '2 jobs in a row failed on it, the last for want of its memory: Too little. nvidia-smi said last: 1 GB were free.'
  )
})

test('with all set aside each says why, until they are taken back', () => {
  const slots = slotsOf(2)
  for (const { device } of slots.states) {
    for (let times = 0; times < 2; times++) slots.note(device, DIED)
  }
  expect(() => slots.find({ devices: [0, 1], perDevice: 1 })).toThrow(
    expect.objectContaining({
      code: 'backend/unavailable',
      message: expect.stringMatching(/device 0: 2 jobs.*device 1: 2 jobs/) as string
    })
  )
  slots.takeBack()
  expect(take(slots, 2, { devices: [0, 1], perDevice: 1 })).toEqual([0, 1])
})

test('devices that are known stay as they are', () => {
  const slots = slotsOf(1)
  take(slots, 1, { devices: [0], perDevice: 1 })
  slots.add([deviceOf(0), deviceOf(1)])
  expect(slots.states.map(({ device, slots: own }) => [device.index, own.length])).toEqual([
    [0, 1],
    [1, 0]
  ])
})
