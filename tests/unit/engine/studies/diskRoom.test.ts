import { afterEach, expect, test, vi } from 'vitest'
import { DiskRoom } from '#engine/studies/diskRoom'
import type { LowDisk } from '#shared/trainingView'
import { soon } from '../../../support/soon'
import { temporaryFolder } from '../../../support/temporaryFolder'

const never = new AbortController().signal

/** A disk whose free space a test sets. */
function fakeDisk(free: number, floorBytes?: number) {
  const disk = { free }
  const told: (LowDisk | null)[] = []
  const room = new DiskRoom(
    '/',
    {
      free: () => Promise.resolve(disk.free),
      everyMs: 5,
      ...(floorBytes === undefined ? {} : { floorBytes })
    },
    (waiting) => told.push(waiting)
  )
  return { disk, told, room }
}

afterEach(() => vi.unstubAllEnvs())

test('it waits below the floor and goes on at it, and says both', async () => {
  const { disk, told, room } = fakeDisk(99, 100)
  const unwatch = room.watch()
  const before = room.signal
  let isOver = false
  const waiting = room.wait(never).then(() => (isOver = true))
  await soon(() => expect(told).toEqual([{ freeBytes: 99, floorBytes: 100 }]))
  expect([isOver, before.aborted]).toEqual([false, true])
  disk.free = 100
  await waiting
  expect(told).toEqual([{ freeBytes: 99, floorBytes: 100 }, null])
  expect(room.signal.aborted).toBe(false)
  unwatch()
})

test('it looks while something trains, and stops it', async () => {
  const { disk, room } = fakeDisk(500, 100)
  const unwatch = room.watch()
  const { signal } = room
  disk.free = 1
  await soon(() => expect(signal.aborted).toBe(true))
  unwatch()
})

test('waiting ends when the study is stopped', async () => {
  const { room } = fakeDisk(0, 100)
  const unwatch = room.watch()
  const stop = new AbortController()
  const waiting = room.wait(stop.signal)
  stop.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  unwatch()
})

test('a disk that says it has room and refuses thrice is not waited for', async () => {
  const { disk, room } = fakeDisk(500, 100)
  const unwatch = room.watch()
  expect(await room.refused('a run', never)).toBe(true)
  expect(await room.refused('another', never)).toBe(true)
  expect(await room.refused('a run', never)).toBe(true)
  expect(await room.refused('a run', never)).toBe(false)
  disk.free = 1
  // There is something to wait for.
  expect(await room.refused('another', never)).toBe(true)
  unwatch()
})

test('the floor is what was asked for, else by what all that trains would save', async () => {
  const folder = await temporaryFolder()
  const room = new DiskRoom(folder, {}, () => undefined)
  const usual = await room.floor()
  expect(usual).toBeGreaterThan(0)
  expect(usual).toBeLessThanOrEqual(1e9)
  room.expect(3e9)
  expect(await room.floor()).toBe(6e9)
  vi.stubEnv('ASSAY_DISK_FLOOR', '2.5GB')
  expect(await room.floor()).toBe(2.5e9)
  vi.stubEnv('ASSAY_DISK_FLOOR', 'much')
  await expect(room.floor()).rejects.toMatchObject({ code: 'usage/invalid' })
  expect(await fakeDisk(0, 7).room.floor()).toBe(7)
})
