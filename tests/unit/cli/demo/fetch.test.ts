import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CORPUS_RECIPES, LARGE_CORPUS_RECIPES } from '../../../../src/cli/demo/corpora'
import { fetchPackage, tarballName, unpackTarball } from '../../../../src/cli/demo/fetch'
import { TEXT_PACKAGES } from '../../../../src/cli/demo/packages'
import { temporaryFolder } from '../../../support/temporaryFolder'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const wanted = {
  name: '@a/b',
  version: '1.2.3',
  sha256: sha256('tarball'),
  bytes: 7,
  licence: 'MIT',
  leaveOut: []
}

/** Puts an `npm` first in the path that does this instead; `$6` is where a tarball should go. */
async function npmThat(script: string): Promise<void> {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'npm'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'npm'), 0o755)
  const path = process.env['PATH']
  process.env['PATH'] = `${folder}${delimiter}${path}`
  onTestFinished(() => void (process.env['PATH'] = path))
}

test('a package is fetched by npm, exactly its version and without scripts', async () => {
  const cache = await temporaryFolder()
  await npmThat(`echo "$@" > ${cache}/asked; printf tarball > "$6/a-b-1.2.3.tgz"`)
  const steps: string[] = []
  const path = await fetchPackage(wanted, cache, (step) => steps.push(step))
  expect(await readFile(path, 'utf8')).toBe('tarball')
  expect(steps).toEqual(['fetching @a/b 1.2.3 (7 B)'])
  expect(await readFile(join(cache, 'asked'), 'utf8')).toMatch(
    /^pack @a\/b@1\.2\.3 --ignore-scripts/
  )
})

test('a package that is in the cache is not fetched again', async () => {
  const cache = await temporaryFolder()
  await writeFile(join(cache, tarballName(wanted)), 'tarball')
  await npmThat('exit 1')
  expect(await fetchPackage(wanted, cache, () => undefined)).toBe(join(cache, 'a-b-1.2.3.tgz'))
})

test('a damaged file in the cache is replaced', async () => {
  const cache = await temporaryFolder()
  await writeFile(join(cache, tarballName(wanted)), 'tar')
  await npmThat('printf tarball > "$6/a-b-1.2.3.tgz"')
  expect(await readFile(await fetchPackage(wanted, cache, () => undefined), 'utf8')).toBe('tarball')
})

test('a package of another hash is refused and not kept', async () => {
  const cache = await temporaryFolder()
  await npmThat('printf other > "$6/a-b-1.2.3.tgz"')
  await expect(fetchPackage(wanted, cache, () => undefined)).rejects.toMatchObject({
    code: 'corpus/unreadable',
    details: { expected: wanted.sha256, found: sha256('other') }
  })
  expect(await readdir(cache)).toEqual([])
})

test('what npm says when it fails is passed on', async () => {
  const cache = await temporaryFolder()
  await npmThat('echo "npm error code ENOTFOUND" >&2; exit 1')
  await expect(fetchPackage(wanted, cache, () => undefined)).rejects.toMatchObject({
    code: 'corpus/missing-file',
    message: expect.stringContaining('npm error code ENOTFOUND') as string
  })
})

test("a tarball's files lie directly in the folder, without those left out", async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'package', 'data'), { recursive: true })
  await writeFile(join(folder, 'package', 'data', 'a.txt'), 'text')
  await writeFile(join(folder, 'package', 'data', 'b.json'), '{}')
  execFileSync('tar', ['-czf', join(folder, 'a.tgz'), '-C', folder, 'package'])
  const into = await temporaryFolder()
  await unpackTarball(join(folder, 'a.tgz'), into, ['*.json'])
  expect(await readFile(join(into, 'data', 'a.txt'), 'utf8')).toBe('text')
  expect(await readdir(join(into, 'data'))).toEqual(['a.txt'])
})

test.each([CORPUS_RECIPES, LARGE_CORPUS_RECIPES])(
  'no corpus shares a package with one of another role',
  (...recipes) => {
    const roles = new Map<string, Set<string>>()
    for (const { role, packages } of recipes) {
      for (const key of packages) roles.set(key, (roles.get(key) ?? new Set()).add(role))
    }
    expect([...roles.values()].every((set) => set.size === 1)).toBe(true)
    expect([...roles.keys()].sort()).toEqual(Object.keys(TEXT_PACKAGES).sort())
  }
)
