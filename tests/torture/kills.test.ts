/**
 * `kill -9` of the engine, of a worker, or of all at random moments of a real study.
 *
 * `npm test` kills eight times, `npm run test:torture` a hundred. Whatever was killed when: the study,
 * run again until it is done, comes to the tables of one that nobody disturbed.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { xorshift128plus } from 'pure-rand/generator/xorshift128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tinyImports, tinyStudy } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'

const isWhole = process.env['ASSAY_TORTURE'] === 'all'
const KILLS = isWhole ? 100 : 8
/** Moments are drawn anew each time in the long suite; the seed is told when it fails. */
const SEED = isWhole ? Date.now() % 1e9 : 7

let place: string
/** A project with its texts, of which nothing is prepared. */
let fresh: string
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'assay-test-'))
  fresh = join(place, 'fresh')
  const draft = join(place, 'study.json')
  await writeFile(draft, JSON.stringify(tinyStudy({ sequential: { choose: { kind: 'all' } } })))
  await assayDone(['new', fresh, '--from', draft])
  for (const one of await tinyImports(place)) {
    const role = one.role === 'training' ? ['--partition', 'part'] : ['--as', one.role]
    await assayDone(['import', fresh, ...one.paths, '--name', one.name, ...role])
  }
})
afterAll(() => rm(place, { recursive: true, force: true }))

/** The study's tables, without what tells of time. */
async function tablesOf(project: string): Promise<Record<string, unknown>> {
  const folder = `${project}-tables`
  await assayDone(['export', project, '--out', folder])
  const tables: Record<string, unknown> = {}
  for (const name of readdirSync(folder)) {
    const rows = parse(await readFile(join(folder, name)), { columns: true }) as object[]
    tables[name] = rows.map((row) =>
      Object.entries(row).filter(([column]) => !/second|predicted_at|^at$/.test(column))
    )
  }
  return tables
}

function childrenOf(pid: number): number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return listed.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It may have ended a moment ago.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Kills the engine, one of its workers, or all of them. */
function kill(child: ChildProcess, target: number, which: number): string {
  const pid = child.pid!
  const workers = childrenOf(pid)
  if (target === 1 && workers.length > 0) {
    killHard(workers[which % workers.length]!)
    return 'a worker'
  }
  killHard(pid)
  if (target === 2) workers.forEach(killHard)
  return target === 2 ? 'all' : 'the engine'
}

function run(project: string): { child: ChildProcess; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [resolve('out/main/cli.cjs'), 'run', project], {
    stdio: 'ignore'
  })
  const ended = new Promise<number | null>((done) => child.on('exit', (code) => done(code)))
  return { child, ended }
}

test(`a study that is killed ${KILLS} times comes to the same`, async () => {
  const random = xorshift128plus(SEED)
  const draw = (most: number) => uniformInt(random, 0, most)
  const undisturbed = join(place, 'undisturbed')
  await cp(fresh, undisturbed, { recursive: true })
  const beganAt = Date.now()
  expect(await run(undisturbed).ended).toBe(0)
  const wholeMs = Date.now() - beganAt
  const expected = await tablesOf(undisturbed)

  let kills = 0
  for (let study = 1; kills < KILLS; study++) {
    const project = join(place, `study-${study}`)
    await cp(fresh, project, { recursive: true })
    const done: string[] = []
    for (let isDone = false; !isDone;) {
      const { child, ended } = run(project)
      const delay = 200 + draw(Math.round(wholeMs * 0.7))
      const timer = setTimeout(() => {
        if (kills >= KILLS) return
        kills++
        done.push(`${kill(child, draw(2), draw(1000))} after ${delay} ms`)
      }, delay)
      isDone = (await ended) === 0
      clearTimeout(timer)
    }
    const told = `random seed ${SEED}, study ${study}: ${done.join(', ')}`
    expect(await tablesOf(project), told).toEqual(expected)
    await rm(project, { recursive: true, force: true })
  }
}, 3_600_000)
