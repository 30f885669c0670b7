/** A file system that gives fewer bytes than were asked for: nothing is made up in their place. */
import type * as nodeFs from 'node:fs'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../../../support/temporaryFolder'
import { importRecords, prepare, writeRecords } from './textProject'

/** What a read of documents' ids gives at most, in bytes, and behind which byte there are none. */
const limits = vi.hoisted(() => ({ most: Infinity, end: Infinity, reads: 0 }))

vi.mock('node:fs', async (original) => {
  const real = await original<typeof nodeFs>()
  const watched = new Set<number>()
  const openSync: typeof real.openSync = (path, ...rest) => {
    const handle = real.openSync(path, ...rest)
    if (String(path).endsWith('unordered.bin')) watched.add(handle)
    else watched.delete(handle)
    return handle
  }
  const readSync = (
    handle: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    from: number
  ) => {
    if (!watched.has(handle)) return real.readSync(handle, bytes, at, length, from)
    limits.reads++
    const given = Math.max(0, Math.min(length, limits.most, limits.end - from))
    return given === 0 ? 0 : real.readSync(handle, bytes, at, given, from)
  }
  const changed = { ...real, openSync, readSync }
  return { ...changed, default: changed }
})

afterEach(() => void Object.assign(limits, { most: Infinity, end: Infinity, reads: 0 }))

/** Names of folders of tokens hold what they are made of; their sums what came of it. */
async function prepared(): Promise<{ names: string[]; sums: string[] }> {
  const { readFileSync } = await vi.importActual<typeof nodeFs>('node:fs')
  const project = await temporaryFolder()
  await prepare(project, [await importRecords(project, 'all', writeRecords('art', 60))])
  const names = readdirSync(join(project, 'tokens')).sort()
  const sums = names.map((name) => readFileSync(join(project, 'tokens', name, 'sums.json'), 'utf8'))
  return { names, sums }
}

test('documents that come in pieces make the same stream', async () => {
  const whole = await prepared()
  const { reads } = limits
  Object.assign(limits, { most: 7, reads: 0 })
  expect(await prepared()).toEqual(whole)
  expect(limits.reads).toBeGreaterThan(2 * reads)
})

test('documents of which the end is missing make no stream', async () => {
  limits.end = 4000
  await expect(prepared()).rejects.toMatchObject({ code: 'storage/corrupt' })
})
