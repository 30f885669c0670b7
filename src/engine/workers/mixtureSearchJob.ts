/** Searches mixtures by the ensembles of branches, beside whatever trains. */
import { readDomainDocuments } from '#engine/data/domainDocuments'
import { memberProbabilities } from '#engine/proxies/search/searchText'
import type { SearchDomain } from '#engine/proxies/search/searchText'
import { searchMixtures } from '#engine/proxies/search/searchMixtures'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { projectPaths } from '#engine/storage/paths'
import type { SearchResult, UnnamedMixture } from '#shared/mixtureSearch'
import type { Progress } from '#shared/records'
import type { JobHooks, MixtureSearchJob } from './jobs'
import { keptScores } from './keptScores'
import { readBranches } from './measureJob'

/** The worker's thread looks up at least so often: whether it should stop stands in its mail. */
const LOOK_UP_MS = 50

/** Version of how subsets are scored; a change here scores anew. */
const SCORES_FORMAT = 1

const LABELS = { subsets: 'subsets', weights: 'weights', scores: 'best', front: 'front' } as const

/**
 * Reads what every branch makes of every token, measured now where it was not kept, and searches.
 *
 * @throws WorkbenchError as `searchMixtures` and measuring do
 */
export async function searchMixturesJob(
  job: MixtureSearchJob,
  hooks: JobHooks
): Promise<SearchResult<UnnamedMixture>> {
  const tell = teller(hooks)
  const domains = await readDomains(job, hooks, tell)
  const members = job.members.map(({ name, branches, tokens }) => ({
    name,
    branches: branches.length,
    tokens
  }))
  const { request, randomSeed } = job
  return searchMixtures(
    { domains, members, request, randomSeed },
    (what, done, total) =>
      tell({ activity: 'search', label: LABELS[what], done, total, unit: 'mixtures' }),
    job.keepScores ? keptScores(projectPaths.search(job.text.project), keyOf(job)) : undefined
  )
}

/** All that the scores of subsets depend on; constraints only choose among them. */
function keyOf({ text, members, request, randomSeed }: MixtureSearchJob): string {
  const { target, second, atMost } = request
  return fingerprintOf({
    format: SCORES_FORMAT,
    definition: text.definition,
    domains: text.domains.map(({ name, fingerprint }) => [name, fingerprint]),
    members,
    target,
    second,
    atMost,
    randomSeed
  })
}

async function readDomains(
  { text, prepared, members }: MixtureSearchJob,
  { signal }: JobHooks,
  tell: ReturnType<typeof teller>
): Promise<SearchDomain[]> {
  const read = text.domains.map(() => [] as SearchDomain['members'][number][])
  for (const [done, { name, branches }] of members.entries()) {
    const progress = { activity: 'read', label: name, total: members.length } as const
    await tell({ ...progress, done, unit: 'models' })
    const { parts } = await readBranches(text, branches, signal)
    parts.forEach((own, domain) => read[domain]!.push(memberProbabilities(own)))
  }
  return Promise.all(
    text.domains.map(async ({ name }, domain) => {
      const { tokens, half } = await readDomainDocuments(text.project, prepared, name)
      return { name, tokens, half, members: read[domain]! }
    })
  )
}

function teller({ signal, onProgress }: JobHooks) {
  let lookedUpAt = performance.now()
  return async (progress: Omit<Progress, 'rate' | 'secondsLeft'>): Promise<void> => {
    onProgress({ ...progress, rate: null, secondsLeft: null })
    if (performance.now() - lookedUpAt < LOOK_UP_MS) return
    await new Promise((resume) => setImmediate(resume))
    signal.throwIfAborted()
    lookedUpAt = performance.now()
  }
}
