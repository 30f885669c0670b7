import { appendFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  FolderDraft,
  LineLog,
  createFileExclusive,
  writeFileAtomic,
  writeFolder
} from '#engine/storage/files'
import { tidyProject } from '#engine/storage/tidyProject'
import { storageError } from '#engine/storage/writeErrors'
import { readLines } from '#engine/storage/lines'
import { temporaryFolder } from '../../../support/temporaryFolder'

async function linesOf(path: string): Promise<unknown[]> {
  const lines = []
  for await (const line of readLines(path)) lines.push(line)
  return lines
}

test('a whole file replaces the old one and leaves no draft behind', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'a.json')
  await writeFileAtomic(path, 'old')
  await writeFileAtomic(path, 'new')
  expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['new', ['a.json']])
})

test('a folder is there only after its commit, with hashes of what was written', async () => {
  const folder = await temporaryFolder()
  const draft = await FolderDraft.begin(join(folder, 'target'))
  const writer = await draft.create('inside/data.bin')
  for (let i = 0; i < 300; i++) await writer.write(new Uint8Array(10_000).fill(i % 256))
  const { bytes, sha256 } = await writer.close()
  expect(bytes).toBe(3_000_000)
  expect(sha256).toMatch(/^[0-9a-f]{64}$/)
  expect((await readdir(folder)).includes('target')).toBe(false)
  await draft.commit()
  expect(await readdir(folder)).toEqual(['target'])
  const stored = await readFile(join(folder, 'target/inside/data.bin'))
  expect([stored.length, stored[0], stored[2_999_999]]).toEqual([3_000_000, 0, 299 % 256])
})

test('a discarded draft leaves nothing', async () => {
  const folder = await temporaryFolder()
  const draft = await FolderDraft.begin(join(folder, 'target'))
  await draft.create('half')
  await draft.discard()
  expect(await readdir(folder)).toEqual([])
})

test('a torn last line is dropped and not glued to the next', async () => {
  const path = join(await temporaryFolder(), 'log.jsonl')
  const first = await LineLog.open(path)
  await first.append([{ a: 1 }, { a: 2 }])
  await first.close()
  await appendFile(path, '{"a":3,"tor')
  expect(await linesOf(path)).toEqual([{ a: 1 }, { a: 2 }])
  const second = await LineLog.open(path)
  await second.append([{ a: 4 }])
  await second.close()
  expect(await linesOf(path)).toEqual([{ a: 1 }, { a: 2 }, { a: 4 }])
})

test('what a dead process was writing is swept, and what it was replacing comes back', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'runs/f1'), { recursive: true })
  const half = await FolderDraft.begin(join(folder, 'runs/f1/resume'))
  await half.writeFile('weights', 'half')
  await mkdir(join(folder, 'runs/f1/resume.replaced-0123456789ab'))
  await writeFile(join(folder, 'runs/f1/resume.replaced-0123456789ab/weights'), 'old')
  await writeFile(join(folder, 'project.assay.draft-0123456789ab'), 'half')
  await writeFile(join(folder, 'project.assay'), 'whole')
  await tidyProject(folder)
  expect((await readdir(folder, { recursive: true })).sort()).toEqual([
    'project.assay',
    'runs',
    'runs/f1',
    'runs/f1/resume',
    'runs/f1/resume/weights'
  ])
  expect(await readFile(join(folder, 'runs/f1/resume/weights'), 'utf8')).toBe('old')
})

test('a project whose own path looks like a leftover is left alone', async () => {
  const folder = join(
    await temporaryFolder(),
    'study.replaced-0123456789ab',
    'x.draft-0123456789ab'
  )
  await mkdir(join(folder, 'runs'), { recursive: true })
  await writeFile(join(folder, 'my.draft-of-a-thesis'), 'keep')
  await tidyProject(folder)
  expect((await readdir(folder)).sort()).toEqual(['my.draft-of-a-thesis', 'runs'])
})

test('long appends at once do not mix', async () => {
  const path = join(await temporaryFolder(), 'log.jsonl')
  const log = await LineLog.open(path)
  const records = Array.from({ length: 6 }, (_, i) => ({ i, text: String(i).repeat(1_500_000) }))
  await Promise.all(records.map((record) => log.append([record])))
  await log.close()
  expect(await linesOf(path)).toEqual(records)
})

test('a folder whose writing fails is left as it was', async () => {
  const folder = await temporaryFolder()
  const target = join(folder, 'resume')
  await writeFolder(target, async (draft) => void (await draft.writeFile('weights', 'old')))
  const failing = writeFolder(target, async (draft) => {
    await draft.writeFile('weights', 'new')
    throw new Error('the disk is full')
  })
  await expect(failing).rejects.toThrow('the disk is full')
  expect(await readdir(folder)).toEqual(['resume'])
  expect(await readFile(join(target, 'weights'), 'utf8')).toBe('old')
})

test('a file is created exclusively once', async () => {
  const path = join(await temporaryFolder(), 'lock')
  expect([await createFileExclusive(path, 'x'), await createFileExclusive(path, 'y')]).toEqual([
    true,
    false
  ])
  expect(await readFile(path, 'utf8')).toBe('x')
  expect(await readdir(join(path, '..'))).toEqual(['lock'])
})

test('a full disk and a read-only folder become errors that say what to do', () => {
  const codes = ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS'].map((code) => {
    const error = storageError(Object.assign(new Error(code), { code }), '/x') as { code: string }
    return error.code
  })
  expect(codes).toEqual([
    'storage/disk-full',
    'storage/disk-full',
    'storage/not-writable',
    'storage/not-writable'
  ])
})

test('a file that cannot take its name leaves no draft', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'pairs.csv', 'inside'), { recursive: true })
  await expect(writeFileAtomic(join(folder, 'pairs.csv'), 'x')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['pairs.csv'])
})

test('writing below a file fails without a trace', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), '')
  await expect(writeFileAtomic(join(folder, 'file', 'x'), 'y')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['file'])
})
