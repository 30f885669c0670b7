/** How far models of two projects are apart that different trainers made of the same study. */
import type { ProjectSession } from '#engine'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { runsOf } from '#engine/studies/plan'
import { projectPaths } from '#engine/storage/paths'

/** The weights of every run of the first study, by the run's name. */
export async function weightsOf(session: ProjectSession) {
  const { plan } = await session.plan(session.study())
  const weights = new Map<string, Map<string, Float32Array>>()
  for (const { name, fingerprint } of runsOf(plan)) {
    const { parameters } = await openCheckpoint(
      projectPaths.checkpoint(session.folder, fingerprint)
    )
    const set = await readParameters(parameters)
    weights.set(name, new Map([...set].map(([tensor, { data }]) => [tensor, data])))
  }
  return weights
}

/** The largest difference of any weight, and the largest weight, over all runs. */
export function apart(
  one: Awaited<ReturnType<typeof weightsOf>>,
  other: Awaited<ReturnType<typeof weightsOf>>
): { difference: number; largest: number; runs: number } {
  let [difference, largest] = [0, 0]
  for (const [run, tensors] of one) {
    for (const [name, values] of tensors) {
      const others = other.get(run)!.get(name)!
      values.forEach((value, index) => {
        difference = Math.max(difference, Math.abs(value - others[index]!))
        largest = Math.max(largest, Math.abs(value))
      })
    }
  }
  return { difference, largest, runs: one.size }
}

/** The perplexity of every model on every domain, by what both are called. */
export async function perplexitiesOf(session: ProjectSession): Promise<Map<string, number>> {
  const { models, domains } = await session.results(session.study())
  const found = new Map<string, number>()
  for (const { nats, role, name, mixture, merge, budget } of models) {
    for (const domain of domains) {
      const total = nats.get(domain.name)!.reduce((sum, one) => sum + one, 0)
      const key = [role, name, mixture, merge, budget, 'on', domain.name].join(' ')
      found.set(key, Math.exp(total / domain.tokens))
    }
  }
  return found
}

/** The largest relative difference of values of one key. */
export function largestRelative(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>
): number {
  let largest = 0
  for (const [key, value] of one) {
    const there = other.get(key)
    if (there === undefined) throw new Error(`only one of them has ${key}`)
    largest = Math.max(largest, Math.abs(value / there - 1))
  }
  return largest
}
