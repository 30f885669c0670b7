import { readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FolderDraft } from '#engine/storage/files'
import { assertSound, isSoundCache, readSums, writeCache } from '#engine/storage/sealedFiles'
import { temporaryFolder } from '../../../support/temporaryFolder'

const flipped = (bytes: Buffer, at: number) => {
  const other = Buffer.from(bytes)
  other[at]! ^= 1
  return other
}

let moment = 1_000_000_000

/** Writes a file so that it looks changed, however coarse the disk's clock is. */
async function put(path: string, data: Buffer | string): Promise<void> {
  await writeFile(path, data)
  moment += 1
  await utimes(path, moment, moment)
}

test('a cache file is sound until it is damaged or gone, however often it is asked', async () => {
  const path = join(await temporaryFolder(), 'cache', 'marks.json')
  expect(await isSoundCache(path)).toBe(false)
  await writeCache(path, { isOverlapping: [true, false] })
  expect([await isSoundCache(path), await isSoundCache(path)]).toEqual([true, true])
  const whole = await readFile(path)
  for (const at of [5, whole.length - 10]) {
    await put(path, flipped(whole, at))
    expect([await isSoundCache(path), await isSoundCache(path)]).toEqual([false, false])
    await put(path, whole)
    expect(await isSoundCache(path)).toBe(true)
  }
  await put(path, '{ "isOverl')
  expect(await isSoundCache(path)).toBe(false)
})

test('sums are read anew when they change, and a damaged list stays refused', async () => {
  const folder = join(await temporaryFolder(), 'tokens')
  const draft = await FolderDraft.begin(folder)
  await draft.writeFile('one.txt', 'one')
  await draft.seal()
  await draft.commit()
  const sums = (await readSums(folder))!
  expect(sums.files.map(({ name }) => name)).toEqual(['one.txt'])
  expect(await readSums(folder)).toEqual(sums)
  await assertSound(folder)

  const path = join(folder, 'sums.json')
  const whole = await readFile(path)
  await put(path, flipped(whole, whole.indexOf('sha256') + 12))
  for (const read of [readSums, assertSound, readSums]) {
    await expect(read(folder)).rejects.toMatchObject({ code: 'storage/corrupt' })
  }
  await put(path, whole)
  await put(join(folder, 'one.txt'), 'two')
  await expect(assertSound(folder)).rejects.toThrow(/one\.txt is damaged/)
  expect(await readSums(join(folder, 'nowhere'))).toBeNull()
})
