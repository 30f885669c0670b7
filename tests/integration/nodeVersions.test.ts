import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { tinyStudy } from '../support/builtEngine'
import { assayDone } from '../support/commandLine'
import { otherNode, OTHER_NODES } from '../support/otherNode'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

/** A whole study by commands alone; its measurements as text. */
async function studyUnder(node: string): Promise<string> {
  const folder = await temporaryFolder()
  const project = join(folder, 'project')
  const study = join(folder, 'study.json')
  await writeFile(study, JSON.stringify(tinyStudy({ sequential: { choose: { kind: 'none' } } })))
  const seed = await writeCorpus(join(folder, 'seed.jsonl'), { seed: 120 })
  const parts = await writeCorpus(join(folder, 'parts.jsonl'), { law: 150, code: 40 })
  const run = (...args: string[]) => assayDone(args, node)
  await run('new', project, '--from', study)
  await run('import', project, seed, '--as', 'seed', '--name', 'seed')
  await run('import', project, parts, '--partition', 'part')
  await run('run', project)
  await run('export', project, '--out', join(folder, 'tables'))
  return readFile(join(folder, 'tables', 'measurements.csv'), 'utf8')
}

let here: Promise<string> | null = null

// Each is some 50 MB to be fetched where no run of the tests fetched it before.
beforeAll(async () => {
  for (const version of OTHER_NODES) await otherNode(version)
}, 600_000)

test.each(OTHER_NODES)('a study gives the same measurements under Node %s', async (version) => {
  const node = await otherNode(version)
  expect(execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()).toBe(`v${version}`)
  here ??= studyUnder(process.execPath)
  expect(await studyUnder(node)).toBe(await here)
})
