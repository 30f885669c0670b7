/** A study with everything that a report says of one, its losses drawn by name. */
import type { StudyResults } from '#engine/studies/results'
import type { ReportFacts } from '#engine/workers/reportJobs'
import { noiseOf, syntheticResults } from './syntheticResults'
import type { SyntheticOptions } from './syntheticResults'

/** Facts of a report, with names that are markup. */
export const FACTS: ReportFacts = {
  project: 'my <b>project</b>',
  version: '1.2.3',
  writtenAt: '2026-01-02T03:04:05.000Z',
  devices: [{ backend: 'tensorflow', device: '"><img src=x>', verification: 'none' }],
  cost: {
    config: {
      ...syntheticResults(lossesByName({ a: 1, b: 1 })).study.model,
      vocabularySize: 2048
    },
    seedTokens: 1000,
    modular: { runs: 5, tokens: 1320 },
    evidence: { runs: 11, tokens: 2240 },
    naive: { runs: 12, tokens: 3240 }
  }
}

/** Truth and proxy agree but for a little noise. */
export function lossesByName(partitions: Record<string, number>): SyntheticOptions {
  const loss = (text: string) => 3 + 0.3 * noiseOf(text)
  return {
    partitions,
    truth: ({ name }, domain) => loss(`${name} ${domain}`),
    proxy: ({ name }, domain) => loss(`${name} ${domain}`) + 0.1 * noiseOf(`proxy ${name}`)
  }
}

/** Partitions of one unit each. */
export function studyOfNames(names: readonly string[]): StudyResults {
  return syntheticResults(lossesByName(Object.fromEntries(names.map((name) => [name, 1]))))
}
