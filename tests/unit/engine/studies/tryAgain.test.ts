import { expect, test } from 'vitest'
import { WorkbenchError } from '#shared/errors'
import { DiskRoom } from '#engine/studies/diskRoom'
import { aboveTheFloor, tryAgain, whenThereIsRoom } from '#engine/studies/tryAgain'

const never = new AbortController().signal

function failing(times: number, error: unknown) {
  let calls = 0
  const told: string[] = []
  const work = () => {
    calls++
    return calls <= times ? Promise.reject(error as Error) : Promise.resolve('done')
  }
  const onRetry = (_: unknown, words: string) => Promise.resolve(void told.push(words))
  return { work, onRetry, told, calls: () => calls }
}

const died = new WorkbenchError('worker/died', 'A worker died.')

test('what may pass is tried again twice, and each time is told', async () => {
  const twice = failing(2, died)
  expect(await tryAgain(never, twice.work, twice.onRetry)).toBe('done')
  expect(twice.told).toEqual([
    'A worker died. It is tried again (1 of 2).',
    'A worker died. It is tried again (2 of 2).'
  ])
})

test('then it fails with its reason and how often it was tried', async () => {
  const always = failing(9, died)
  await expect(tryAgain(never, always.work, always.onRetry)).rejects.toMatchObject({
    code: 'worker/died',
    message: 'A worker died. It was tried 3 times.',
    details: { tries: 3 }
  })
  expect(always.calls()).toBe(3)
})

test.each([
  new WorkbenchError('backend/out-of-memory', 'OOM'),
  new WorkbenchError('storage/not-writable', 'EIO', { reason: 'EIO' }),
  Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
])('$code may pass: $message', async (error) => {
  const once = failing(1, error)
  expect(await tryAgain(never, once.work, once.onRetry)).toBe('done')
})

test.each([
  new WorkbenchError('run/diverged', 'Training diverged'),
  new WorkbenchError('storage/not-writable', 'EACCES', { reason: 'EACCES' }),
  new WorkbenchError('storage/disk-full', 'full'),
  new Error('a bug')
])('others are not tried again: $message', async (error) => {
  const once = failing(1, error)
  await expect(tryAgain(never, once.work, once.onRetry)).rejects.toBe(error)
  expect(once.calls()).toBe(1)
})

test('nothing is tried again once it was asked to stop', async () => {
  const once = failing(1, died)
  const stopped = AbortSignal.abort()
  await expect(tryAgain(stopped, once.work, once.onRetry)).rejects.toBe(died)
  expect(once.told).toEqual([])
})

test('a full disk is waited for, whether it is full before or refuses amid', async () => {
  let free = 200
  const told: boolean[] = []
  const options = { free: () => Promise.resolve(free), floorBytes: 100, everyMs: 5 }
  const room = new DiskRoom('/', options, (waiting) => {
    told.push(waiting !== null)
    if (waiting) setTimeout(() => (free = 200), 20)
  })
  const unwatch = room.watch()
  const full = new WorkbenchError('storage/disk-full', 'full')
  let calls = 0
  const work = () => {
    if (++calls > 1) return Promise.resolve('done')
    free = 0
    return Promise.reject(full)
  }
  expect(await whenThereIsRoom('work', { room, signal: never }, work)).toBe('done')
  expect([calls, told]).toEqual([2, [true, false]])
  const always = () => Promise.reject(full)
  await expect(whenThereIsRoom('more', { room, signal: never }, always)).rejects.toBe(full)
  unwatch()
})

/** A disk that work fills, and what waits for room on it. */
function fillingDisk() {
  const disk = { free: 200, told: [] as boolean[] }
  const options = { free: () => Promise.resolve(disk.free), floorBytes: 100, everyMs: 5 }
  const room = new DiskRoom('/', options, (waiting) => disk.told.push(waiting !== null))
  return { disk, room, unwatch: room.watch() }
}

/** Goes on until it is asked to stop. */
const untilStopped = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  )

test('work is stopped below the floor, and begun again once there is space', async () => {
  const { disk, room, unwatch } = fillingDisk()
  let calls = 0
  const work = (signal: AbortSignal) => {
    if (++calls > 1) return Promise.resolve('done')
    disk.free = 50
    setTimeout(() => (disk.free = 200), 40)
    return untilStopped(signal)
  }
  expect(await aboveTheFloor('work', { room, signal: never }, work)).toBe('done')
  expect([calls, disk.told]).toEqual([2, [true, false]])
  unwatch()
})

test('work that takes what is free above the floor, again and again, is said not to fit', async () => {
  const { disk, room, unwatch } = fillingDisk()
  let calls = 0
  const work = async (signal: AbortSignal) => {
    calls++
    disk.free = 50
    // What it wrote goes as it stops.
    return untilStopped(signal).finally(() => (disk.free = 200))
  }
  await expect(aboveTheFloor('work', { room, signal: never }, work)).rejects.toMatchObject({
    code: 'storage/disk-full',
    message: expect.stringMatching(/work.*200 B.*100 B/) as string
  })
  expect(calls).toBe(3)
  unwatch()
})

test('who stops work that waits for space ends the waiting, with the reason', async () => {
  const { disk, room, unwatch } = fillingDisk()
  disk.free = 0
  const stop = new AbortController()
  const waiting = aboveTheFloor('work', { room, signal: stop.signal }, untilStopped)
  setTimeout(() => stop.abort(), 20)
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  unwatch()
})
