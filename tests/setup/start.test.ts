import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Linter } from 'eslint'
import { expect, test } from 'vitest'
import { findProgram } from '../../scripts/setup/run.mjs'
import { staleSteps } from '../../scripts/setup/index.mjs'
import { temporaryFolder } from '../support/temporaryFolder'

const BIN = resolve('bin/assay.mjs')

/** A fresh clone as far as the set-up can tell: its scripts and its lock, nothing installed. */
async function freshClone(): Promise<string> {
  const folder = await temporaryFolder()
  for (const name of ['bin', 'scripts', 'package.json', 'package-lock.json']) {
    cpSync(resolve(name), join(folder, name), { recursive: true })
  }
  return folder
}

/** A folder for PATH in which only these programs are. */
async function pathWith(programs: string[]): Promise<string> {
  const folder = join(await temporaryFolder(), 'bin')
  mkdirSync(folder)
  for (const name of programs) symlinkSync(findProgram(name)!, join(folder, name))
  return folder
}

test('an old Node is told which one is needed, and nothing else happens', async () => {
  const pretend = join(await temporaryFolder(), 'pretend.cjs')
  writeFileSync(
    pretend,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`
  )
  const result = spawnSync(process.execPath, ['--require', pretend, BIN, '--version'], {
    encoding: 'utf8'
  })
  expect(result.status).toBe(1)
  expect(result.stdout).toBe('')
  expect(result.stderr).toContain('needs Node ^20.19.0 || >=22.12.0, and this is Node 18.20.4')
})

test.each(['bin/assay.mjs', 'scripts/test.mjs', 'scripts/setup/node.mjs'])(
  '%s parses on a Node of 2020, which has to read it before it can be told',
  (file) => {
    const source = readFileSync(file, 'utf8')
    const problems = new Linter().verify(source, { languageOptions: { ecmaVersion: 2020 } })
    expect(problems).toEqual([])
    expect(
      new Linter().verify(`${source}\nawait 1`, { languageOptions: { ecmaVersion: 2020 } })
    ).toHaveLength(1)
  }
)

test('a machine without g++ and pip gets one message with both and the command', async () => {
  const clone = await freshClone()
  const path = await pathWith(['node', 'npm', 'tar'])
  const result = spawnSync(process.execPath, [join(clone, 'bin', 'assay.mjs'), 'demo'], {
    encoding: 'utf8',
    env: { PATH: path, HOME: clone }
  })
  expect(result.status).toBe(1)
  expect(result.stderr).toContain('Missing: the C++ compiler g++')
  expect(result.stderr).toContain('Missing: pip')
  expect(result.stderr).toMatch(
    /Install with: (sudo )?apt-get install -y python3 python3-pip g\+\+/
  )
  expect(result.stderr).not.toContain('    at ')
})

test('looking whether anything is stale takes far less than the two seconds allowed', () => {
  // Of its own: what other processes take meanwhile does not count.
  const begun = process.cpuUsage()
  staleSteps(resolve('.'))
  const { user, system } = process.cpuUsage(begun)
  expect((user + system) / 1000).toBeLessThan(1000)
})
