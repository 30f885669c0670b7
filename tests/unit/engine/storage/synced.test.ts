/** What a promise says is on disk is on disk: nothing of it is lost in a power cut. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  FolderDraft,
  LineLog,
  createFileExclusive,
  makeFolder,
  moveAside,
  openGrowing,
  writeFileAtomic
} from '#engine/storage/files'
import { armFault, disarmFault, watchDisk } from '../../../support/faultyFiles'
import { temporaryFolder } from '../../../support/temporaryFolder'
import { UnsyncedFiles } from '../../../support/unsyncedFiles'

vi.mock('node:fs/promises', async (original) => {
  const { faulty } = await import('../../../support/faultyFiles')
  return faulty(await original())
})

let disk: UnsyncedFiles
let place: string
beforeEach(async () => {
  disk = new UnsyncedFiles(await temporaryFolder())
  place = join(disk.root, 'project')
  await mkdir(place)
  watchDisk(disk)
})
afterEach(() => {
  watchDisk(null)
  disarmFault()
})

/** All that is under the place, names of folders and what files hold; what is swept away may come back. */
async function there(): Promise<string[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true })
  const found = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    return entry.isFile() ? `${path}: ${await readFile(path, 'utf8')}` : path
  })
  const names = (await Promise.all(found)).map((one) => one.slice(place.length + 1)).sort()
  return names.filter((one) => !/\.(draft|replaced)-/.test(one))
}

const WORK: [string, (at: (name: string) => string) => Promise<unknown>][] = [
  ['folders', (at) => makeFolder(at('a/b/c'))],
  ['a file', (at) => writeFileAtomic(at('a'), 'one')],
  [
    'a file in place of another',
    async (at) => {
      await writeFileAtomic(at('a'), 'one')
      await writeFileAtomic(at('a'), 'two')
    }
  ],
  ['a file that must not be there', (at) => createFileExclusive(at('lock'), 'mine')],
  [
    'a file that must not be there, where there are no links',
    (at) => {
      // open, write, sync, rename, sync of the draft; then the link.
      armFault(6, { kind: 'refused', code: 'EPERM' })
      return createFileExclusive(at('lock'), 'mine')
    }
  ],
  [
    'a folder of files',
    async (at) => {
      await writeFileAtomic(at('source'), 'copied')
      const draft = await FolderDraft.begin(at('runs/one'))
      await draft.writeFile('a', 'A')
      await draft.writeFile('below/deeper/b', 'B')
      await draft.copyFile(at('source'), 'beside/c')
      const placed = await draft.createPlaced('placed')
      await placed.write(Buffer.from('P'), 0)
      await placed.close()
      await draft.seal()
      await draft.commit()
    }
  ],
  [
    'a folder in place of another',
    async (at) => {
      for (const text of ['old', 'new']) {
        const draft = await FolderDraft.begin(at('resume'))
        await draft.writeFile('a', text)
        await draft.commit({ replace: true })
      }
    }
  ],
  [
    'lines',
    async (at) => {
      const log = await LineLog.open(at('new/log.jsonl'))
      await log.append([{ a: 1 }])
      await log.append([{ a: 2 }])
      await log.close()
    }
  ],
  [
    'bytes that grow',
    async (at) => {
      const file = await openGrowing(at('new/values.f64'))
      await file.append(Buffer.from('12345678'), 8)
      await file.close()
    }
  ],
  [
    'what is moved',
    async (at) => {
      await makeFolder(at('runs'))
      await writeFileAtomic(at('runs/a'), 'A')
      await moveAside(at('runs/a'), at('damaged/1/runs/a'))
    }
  ]
]

test.each(WORK)('%s are there after a power cut, whatever else the disk lost', async (_, work) => {
  await work((name) => join(place, name))
  disarmFault()
  expect(disk.pending()).toEqual([])
  const before = await there()
  expect(before).not.toEqual([])
  disk.lose(0)
  expect(await there()).toEqual(before)
})

test('the disk that is watched does lose what was not synced', async () => {
  await writeFileAtomic(join(place, 'old'), 'old')
  await writeFile(join(place, 'old2'), '')
  watchDisk(disk)
  await mkdir(join(place, 'folder'))
  const draft = await FolderDraft.begin(join(place, 'made'))
  const writer = await draft.create('a')
  await writer.write(Buffer.from('bytes'))
  expect(disk.pending().length).toBeGreaterThan(1)
  disk.lose(0)
  expect(await there()).toEqual(['old2: ', 'old: old'])
  await draft.discard()
})
