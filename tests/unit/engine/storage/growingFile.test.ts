/** A disk that fails amid an append, and fails again when the torn piece is to be taken back. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { LineLog } from '#engine/storage/files'
import { readLines } from '#engine/storage/lines'
import { armFault, disarmFault } from '../../../support/faultyFiles'
import { temporaryFolder } from '../../../support/temporaryFolder'

vi.mock('node:fs/promises', async (original) => {
  const { faulty } = await import('../../../support/faultyFiles')
  return faulty(await original())
})

afterEach(() => void disarmFault())

async function linesOf(path: string): Promise<unknown[]> {
  const lines = []
  for await (const line of readLines(path)) lines.push(line)
  return lines
}

async function logWith(record: object): Promise<{ path: string; log: LineLog }> {
  const path = join(await temporaryFolder(), 'log.jsonl')
  const log = await LineLog.open(path)
  await log.append([record])
  return { path, log }
}

const FULL = { kind: 'refused', code: 'ENOSPC', isHalfDone: true } as const

test('nothing is appended to a torn piece: it is taken back first', async () => {
  const { path, log } = await logWith({ a: 1 })
  const whole = await readFile(path, 'utf8')
  // The append, and the cutting off of what there is of it.
  armFault(1, { ...FULL, times: 2 })
  await expect(log.append([{ a: 2 }])).rejects.toMatchObject({ code: 'storage/disk-full' })
  expect((await readFile(path, 'utf8')).length).toBeGreaterThan(whole.length)
  disarmFault()
  await log.append([{ a: 3 }])
  await log.close()
  expect(await linesOf(path)).toEqual([{ a: 1 }, { a: 3 }])
})

test('while a torn piece cannot be taken back every append is refused', async () => {
  const { path, log } = await logWith({ a: 1 })
  armFault(1, { ...FULL, times: 4 })
  for (let i = 0; i < 3; i++) {
    await expect(log.append([{ a: 2 }])).rejects.toMatchObject({ code: 'storage/disk-full' })
  }
  expect(disarmFault().log.map((one) => one.split(' ')[0])).toEqual([
    'append',
    'truncate',
    'truncate',
    'truncate'
  ])
  await log.close()
  const reopened = await LineLog.open(path)
  await reopened.append([{ a: 4 }])
  await reopened.close()
  expect(await linesOf(path)).toEqual([{ a: 1 }, { a: 4 }])
})
