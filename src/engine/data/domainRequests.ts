/** Which domains a study measures on. */
import type { Study } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { domainKey, evaluationDomainName } from './allotment'
import type { AllottedPartition } from './allotment'
import type { DomainRequest } from './heldOutDomain'
import type { Group } from './studyText'

/**
 * The held-out parts of partitions, of the seed text, and the external domains wanted, in this
 * order.
 *
 * @throws WorkbenchError `study/invalid` when two have one name, `study/missing-domain`
 */
export function domainRequests(
  study: Study,
  allotted: readonly AllottedPartition[],
  groups: readonly Group[],
  seedGroup: Group | null
): DomainRequest[] {
  const { tokenCap, share } = study.holdOut
  const common = { tokenCap, share }
  const requests: DomainRequest[] = []
  if (share > 0) {
    for (const { name, parts } of groups) {
      // A random partition is of no domain more than of another.
      const own = study.shuffledPartitions ? {} : { partition: name }
      requests.push({ ...common, name, kind: 'in', ...own, parts })
    }
    if (seedGroup) {
      requests.push({ ...common, name: seedGroup.name, kind: 'seed', parts: seedGroup.parts })
    }
  }
  const external = new Map<string, DomainRequest>()
  for (const part of allotted) {
    const { corpus, name } = part.stored
    const isWanted = study.domains === 'all' || study.domains.includes(corpus.name)
    if (corpus.role !== 'evaluation' || !isWanted) continue
    const key = domainKey(corpus, name)
    const there = external.get(key)
    external.set(key, {
      ...common,
      name: evaluationDomainName(corpus, name),
      kind: corpus.domainKind ?? 'out',
      parts: [...(there?.parts ?? []), part]
    })
  }
  return checkDomainNames([...requests, ...external.values()], study, allotted)
}

function checkDomainNames(
  requests: DomainRequest[],
  study: Study,
  allotted: readonly AllottedPartition[]
): DomainRequest[] {
  const names = requests.map((request) => request.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new WorkbenchError(
      'study/invalid',
      `Two domains are called ${twice}. Partitions, seed text and evaluation corpora need ` +
        `different names; import one of them under another.`,
      { name: twice }
    )
  }
  const found = allotted
    .filter(({ stored }) => stored.corpus.role === 'evaluation')
    .map(({ stored }) => stored.corpus.name)
  const missing =
    study.domains === 'all' ? [] : study.domains.filter((name) => !found.includes(name))
  if (missing.length > 0) {
    throw new WorkbenchError(
      'study/missing-domain',
      `The study names the evaluation corpus ${missing.join(', ')}, which is not in the ` +
        `project. Found: ${[...new Set(found)].join(', ') || 'none'}.`,
      { missing, found }
    )
  }
  return requests
}
