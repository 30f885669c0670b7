/** Drafts that somebody takes for a dead process's, and removes while they are written. */
import { readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FolderDraft, writeFolder } from '#engine/storage/files'
import { assertSound } from '#engine/storage/sealedFiles'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** A sound resume point, and a draft of the next with its weights in it. */
async function half(): Promise<{ target: string; draft: FolderDraft }> {
  const target = join(await temporaryFolder(), 'resume')
  await writeFolder(target, async (old) => {
    await old.writeFile('model.safetensors', 'old weights')
    await old.seal()
  })
  const draft = await FolderDraft.begin(target)
  await draft.writeFile('model.safetensors', 'new weights')
  return { target, draft }
}

const swept = { code: 'storage/swept', details: { file: expect.any(String) as string } }

async function isAsBefore(target: string): Promise<void> {
  await assertSound(target)
  expect(await readFile(join(target, 'model.safetensors'), 'utf8')).toBe('old weights')
}

test.each(['progress.json', 'below/progress.json'])(
  'a draft that was swept is not begun anew by its next file, %s',
  async (name) => {
    const { target, draft } = await half()
    await rm(draft.path, { recursive: true })
    await expect(draft.writeFile(name, '{}')).rejects.toMatchObject(swept)
    await expect(draft.seal()).rejects.toMatchObject(swept)
    await expect(draft.commit({ replace: true })).rejects.toMatchObject(swept)
    await draft.discard()
    await isAsBefore(target)
    expect(await readdir(join(target, '..'))).toEqual(['resume'])
  }
)

test('a file that is copied into a swept draft does not make it anew', async () => {
  const { target, draft } = await half()
  const source = join(await temporaryFolder(), 'tokenizer.json')
  await writeFile(source, '{}')
  await rm(draft.path, { recursive: true })
  await expect(draft.copyFile(source, 'tokenizer.json')).rejects.toMatchObject(swept)
  await isAsBefore(target)
})

test('what cannot be copied since it is not there is no swept draft', async () => {
  const { draft } = await half()
  const copying = draft.copyFile(join(await temporaryFolder(), 'none'), 'tokenizer.json')
  await expect(copying).rejects.toMatchObject({ code: 'ENOENT' })
})

test.each([
  ['is gone', (path: string) => rm(path)],
  ['is shorter than it was written', (path: string) => truncate(path, 3)]
])('a draft of which a file %s is neither sealed nor made real', async (_, spoil) => {
  const { target, draft } = await half()
  await draft.writeFile('progress.json', '{}')
  await spoil(join(draft.path, 'model.safetensors'))
  await expect(draft.seal()).rejects.toMatchObject(swept)
  await expect(draft.commit({ replace: true })).rejects.toMatchObject({
    ...swept,
    details: { file: 'model.safetensors' }
  })
  await isAsBefore(target)
})

test('a file at places and one that was copied must be there too', async () => {
  const target = join(await temporaryFolder(), 'model')
  for (const spoiled of ['placed', 'copied']) {
    const draft = await FolderDraft.begin(target)
    const placed = await draft.createPlaced('placed')
    await placed.write(Buffer.from('end'), 5)
    await placed.write(Buffer.from('begin'), 0)
    await placed.close()
    await draft.copyFile(join(draft.path, 'placed'), 'copied')
    await truncate(join(draft.path, spoiled), 7)
    await expect(draft.commit()).rejects.toMatchObject({ details: { file: spoiled } })
    await draft.discard()
  }
})

test('a file that was removed on purpose is neither sealed nor missed', async () => {
  const target = join(await temporaryFolder(), 'tokens')
  const draft = await FolderDraft.begin(target)
  await draft.writeFile('unordered.bin', 'ab')
  await draft.writeFile('tokens.bin', 'ba')
  await draft.remove('unordered.bin')
  await draft.seal()
  await draft.commit()
  expect((await readdir(target)).sort()).toEqual(['sums.json', 'tokens.bin'])
  await assertSound(target)
})
