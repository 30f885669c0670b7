/**
 * Many runs and measurements in one engine: memory, open files, threads and the host's answers stay
 * as they were. `npm run test:torture` trains 504 runs of 40 steps after their seed and measures over 5,000 times, `npm test` a few.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { projectPaths } from '#engine/storage/paths'
import { builtEngine, trainingImport, tinyImports, tinyStudy } from '../support/builtEngine'
import { temporaryFolder } from '../support/temporaryFolder'
import { writeCorpus } from '../support/tinyCorpus'

const isWhole = process.env['ASSAY_TORTURE'] === 'all'
const PARTITIONS = isWhole ? 8 : 5
const UNITS = isWhole ? 63 : 6
const STEPS = isWhole ? 40 : 10

interface Sample {
  processes: number
  residentBytes: number
  files: number
  threads: number
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0)
}

/** This process and those below it. */
function sampleOf(pid: number): Sample {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    const own: Sample = {
      processes: 1,
      residentBytes: numberIn(status, 'VmRSS') * 1024,
      files: readdirSync(`/proc/${pid}/fd`).length,
      threads: numberIn(status, 'Threads')
    }
    return children
      .split(' ')
      .filter(Boolean)
      .map((child) => sampleOf(Number(child)))
      .reduce(
        (sum, one) => ({
          processes: sum.processes + one.processes,
          residentBytes: sum.residentBytes + one.residentBytes,
          files: sum.files + one.files,
          threads: sum.threads + one.threads
        }),
        own
      )
  } catch {
    return { processes: 0, residentBytes: 0, files: 0, threads: 0 }
  }
}

test('an engine that worked for long is as it was', async () => {
  const texts = await temporaryFolder()
  const engine = builtEngine()
  const names = Array.from({ length: PARTITIONS }, (_, i) => `part-${i}`)
  // A document is some 100 tokens; a unit STEPS × 4 sequences of 16.
  const documents = Math.ceil((UNITS * STEPS * 4 * 16) / 60) + 40
  const session = await engine.createProject(join(await temporaryFolder(), 'project'), {
    ...tinyStudy({
      unit: { sequences: STEPS * 4, maximum: UNITS },
      holdOut: { share: 0.05, tokenCap: 2000 },
      sequential: { choose: { kind: 'none' } }
    })
  })
  const imports = await tinyImports(texts)
  for (const one of imports.filter(({ role }) => role !== 'training'))
    await session.importCorpus(one)
  const counts = Object.fromEntries(names.map((name) => [name, documents]))
  await session.importCorpus(
    trainingImport('parts', await writeCorpus(join(texts, 'many.jsonl'), counts))
  )
  const study = session.study()
  const { plan } = await session.plan(study)
  expect(plan.branches).toHaveLength(PARTITIONS * UNITS)

  const delays = monitorEventLoopDelay({ resolution: 10 })
  const samples: Sample[] = []
  let ended = 0
  const every = Math.max(1, Math.floor(plan.branches.length / 20))
  const beganAt = performance.now()
  const summary = await session.run(study, {
    onEvent: (event) => {
      if (event.kind !== 'ended' || ++ended % every !== 0) return
      samples.push(sampleOf(process.pid))
      // What starting up took is not looked at.
      if (samples.length === 2) delays.enable()
    }
  })
  delays.disable()
  expect(summary).toMatchObject({ trained: plan.branches.length + 1, failed: [] })
  expect(samples.length).toBeGreaterThanOrEqual(8)

  const [early, late] = [samples.slice(2, 5), samples.slice(-3)]
  const most = (of: Sample[], key: keyof Sample) => Math.max(...of.map((sample) => sample[key]))
  expect(most(late, 'processes')).toBeLessThanOrEqual(most(early, 'processes'))
  expect(most(late, 'files')).toBeLessThanOrEqual(most(early, 'files') + 8)
  expect(most(late, 'threads')).toBeLessThanOrEqual(most(early, 'threads') + 4)
  expect(most(late, 'residentBytes')).toBeLessThan(1.25 * most(early, 'residentBytes') + 100e6)
  // The host answers: half of a second is where a click feels lost.
  expect(delays.percentile(99) / 1e6).toBeLessThan(500)
  const lines = readFileSync(projectPaths.measurements(session.folder), 'utf8').split('\n')
  const minutes = ((performance.now() - beganAt) / 60_000).toFixed(1)
  console.log(
    `soak: ${summary.trained} runs, ${lines.length - 1} measurements in ${minutes} min; ` +
      `resident ${(most(early, 'residentBytes') / 1e6).toFixed(0)} → ${(most(late, 'residentBytes') / 1e6).toFixed(0)} MB, ` +
      `files ${most(early, 'files')} → ${most(late, 'files')}, threads ${most(early, 'threads')} → ${most(late, 'threads')}, ` +
      `event loop p99 ${(delays.percentile(99) / 1e6).toFixed(0)} ms`
  )
  await session.close()
  await engine.close()
}, 3_600_000)
