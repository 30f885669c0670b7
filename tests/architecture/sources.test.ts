import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { missingFromLock } from '../../scripts/completeLock.mjs'
import { declarations, exportsOf, sourceFiles } from './declarations'

const LONGEST = 450
const LONG = 300

test('an exported function without a comment is noticed', () => {
  const text = '/** Says why. */\nexport function a() {}\nexport async function b() {}\n'
  expect(exportsOf('x.ts', text).map(({ name, isDocumented }) => [name, isDocumented])).toEqual([
    ['a', true],
    ['b', false]
  ])
})

test('every exported function and class of engine and shared says what it does', () => {
  const silent = [...declarations('src/engine'), ...declarations('src/shared')]
    .filter(({ kind, isDocumented }) => (kind === 'function' || kind === 'class') && !isDocumented)
    .map(({ file, name }) => `${file}: ${name}`)
  expect(silent).toEqual([])
})

test(`no source file is longer than ${LONGEST} lines, and few are longer than ${LONG}`, () => {
  const lengths = sourceFiles('src').map(
    (file) => [file, readFileSync(file, 'utf8').split('\n').length - 1] as const
  )
  expect(lengths.filter(([, lines]) => lines > LONGEST)).toEqual([])
  const long = lengths.filter(([, lines]) => lines > LONG)
  expect(long.length / lengths.length).toBeLessThan(0.1)
})

test('only storage/files.ts calls what writes, renames or deletes', () => {
  expect(writesOf(`import { readFile, rm } from 'node:fs/promises'`)).toEqual(['rm'])
  expect(writesOf(`import * as disk from 'node:fs'\ndisk.renameSync(a, b)`)).toEqual([
    'disk.renameSync'
  ])
  const offenders = sourceFiles('src/engine')
    .filter((file) => file !== 'src/engine/storage/files.ts')
    .map((file) => [file, writesOf(readFileSync(file, 'utf8'))] as const)
    .filter(([, writes]) => writes.length > 0)
  expect(offenders).toEqual([])
})

test('only cli/output.ts writes to the terminal', () => {
  const writes = /(?:process|console)\.(?:std(?:out|err)\.write|log|error|warn|info)\(/
  expect(writes.test('process.stderr.write(text)') && writes.test('console.log(1)')).toBe(true)
  const offenders = sourceFiles('src/cli').filter((file) => writes.test(readFileSync(file, 'utf8')))
  expect(offenders).toEqual(['src/cli/output.ts'])
})

/** The functions of `node:fs` that change the disk and that a text imports or calls. */
function writesOf(text: string): string[] {
  const writer = String.raw`(?:writeFile|appendFile|rename|unlink|rm|rmdir|truncate|copyFile|mkdir|symlink|link|cp)(?:Sync)?|createWriteStream`
  const named = [...text.matchAll(/import \{([^}]*)\} from 'node:fs(?:\/promises)?'/g)].flatMap(
    ([, names = '']) => names.match(new RegExp(`\\b(?:${writer})\\b`, 'g')) ?? []
  )
  const whole = [
    ...text.matchAll(/import (?:\* as )?(\w+) from 'node:fs(?:\/promises)?'/g)
  ].flatMap(([, name = '']) => text.match(new RegExp(`\\b${name}\\.(?:${writer})\\b`, 'g')) ?? [])
  return [...named, ...whole]
}

test('the lock names every optional package, so that npm ci accepts it everywhere', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  expect(missingFromLock(lock.packages)).toEqual([])
})

test('packages are pinned exactly', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(range))
  )
  expect(loose).toEqual([])
})
