import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectOf } from '../../../src/main/arguments'
import { parseLink } from '../../../src/main/remoteLink'
import { temporaryFolder } from '../../support/temporaryFolder'

test('a link of assay serve gives the address of its socket, and says whether it stays here', () => {
  const link = parseLink('http://127.0.0.1:8800/#s3cret')!
  expect([link.address.href, link.host, link.isLoopback]).toEqual([
    'ws://127.0.0.1:8800/engine?token=s3cret',
    '127.0.0.1:8800',
    true
  ])
  expect(parseLink('http://[::1]:8800/#x')!.isLoopback).toBe(true)
  expect(parseLink('https://gpu.example/#x')).toMatchObject({
    host: 'gpu.example',
    isLoopback: false
  })
  // A name that only begins like this computer's is another one's.
  expect(parseLink('http://127.0.0.1.example/#x')!.isLoopback).toBe(false)
})

test.each(['', 'languages', 'http://127.0.0.1:8800/', 'ftp://127.0.0.1/#x', 'javascript:1#x'])(
  '"%s" is no link',
  (text) => expect(parseLink(text)).toBeNull()
)

test('a project is what follows the flags, from where it was typed', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'languages')
  await mkdir(path)
  const written = { path, isReadOnly: false }
  expect(projectOf(['assay', '--no-sandbox', 'languages'], folder, null)).toEqual(written)
  expect(projectOf(['assay', path, '--read-only'], '/', null)).toEqual({ path, isReadOnly: true })
  expect(projectOf(['electron', '-r', 'x.cjs', folder, path], folder, folder)).toEqual(written)
  expect(projectOf(['electron', '.', 'languages'], folder, folder)).toEqual(written)
  expect(projectOf(['assay'], folder, null)).toBeNull()
  expect(projectOf(['assay', 'nowhere'], folder, null)).toBeNull()
})
