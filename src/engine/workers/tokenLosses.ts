/** What branches make of each token of a domain: kept in `cache/`, and in memory while it serves. */
import { createHash } from 'node:crypto'
import { branchProbabilities } from '#engine/proxies/ensemble'
import type { BranchProbabilities } from '#engine/proxies/ensemble'
import { projectPaths } from '#engine/storage/paths'
import { readCachedBytes, writeCachedBytes } from '#engine/storage/sealedFiles'
import type { MeasureJob } from './jobs'
import { RecentlyUsed } from './recentlyUsed'

/** Probabilities stay in memory up to so many bytes: ensembles read the same branches again. */
const HELD_BYTES = 1 << 29

const held = new RecentlyUsed<BranchProbabilities>(
  ({ nats, probabilities }) => nats.byteLength + probabilities.byteLength
)

/** Whose tokens, and how they are measured. */
export type TokensOf = Pick<MeasureJob, 'project' | 'definition'> & {
  model: string
  /** Fingerprint of the domain. */
  domain: string
}

/** Keeps what a model makes of every token of a domain. */
export async function keepTokenLosses(of: TokensOf, nats: Float32Array): Promise<void> {
  const bytes = new Uint8Array(nats.buffer, nats.byteOffset, nats.byteLength)
  await writeCachedBytes(pathOf(of), bytes)
}

/**
 * What a branch makes of every token of a domain, as it is kept, or measured and kept now.
 *
 * @param tokens of the domain: a file of another length is measured anew
 * @param isKept false in a project that is only read
 */
export function takeTokenLosses(
  of: TokensOf,
  tokens: number,
  isKept: boolean,
  measure: () => Promise<Float32Array>
): Promise<BranchProbabilities> {
  return held.take(pathOf(of), HELD_BYTES, async () => {
    const kept = await readKept(pathOf(of), tokens)
    if (kept) return branchProbabilities(kept)
    const nats = await measure()
    if (isKept) await keepTokenLosses(of, nats)
    return branchProbabilities(nats)
  })
}

async function readKept(path: string, tokens: number): Promise<Float32Array | null> {
  const bytes = await readCachedBytes(path, 4 * tokens)
  return bytes && new Float32Array(bytes.buffer)
}

function pathOf({ project, model, domain, definition }: TokensOf): string {
  const hash = createHash('sha256').update(`${model} ${domain} ${definition}`)
  return projectPaths.tokenLosses(project, hash.digest('hex'))
}
