import { expect, test } from 'vitest'
import { folderName } from '#engine/storage/folderName'

test('plain names stay as they are', () => {
  expect(folderName('code+law')).toBe('code+law')
  expect(folderName('Ärzte 2019')).toBe('Ärzte 2019')
})

test('what a system may refuse is replaced, and two names never share a folder', () => {
  const names = ['a/b', 'a:b', 'a*b', '..', '.', 'a.', '', 'm:79072a47bfaa', '../../etc']
  const folders = names.map(folderName)
  expect(new Set(folders).size).toBe(names.length)
  for (const folder of folders) expect(folder).toMatch(/^[\w][^/:*]*-[0-9a-f]{6}$|^-[0-9a-f]{6}$/)
})

test('long names fit into what file systems allow', () => {
  const [one, other] = ['語'.repeat(100), '語'.repeat(101)].map(folderName)
  expect(Buffer.byteLength(one!)).toBeLessThan(180)
  expect(one).not.toBe(other)
})
