/** Whose queue is asked: what another one does not list is not over by that. */
import { z } from 'zod'
import { callClient } from './clients'
import type { SubmitHost } from './clients'
import { readConfigured } from './queue'

export const QueuePlaceSchema = z.strictObject({
  /** Who asks: a queue is asked for one's own elements alone. */
  user: z.string(),
  /** The host that is asked by ssh; null for the machine itself. */
  host: z.string().nullable(),
  /** The cluster's own name. */
  cluster: z.string()
})
export type QueuePlace = z.infer<typeof QueuePlaceSchema>

/** @returns null where the cluster does not say */
export async function queuePlace(settings: SubmitHost): Promise<QueuePlace | null> {
  const [who, cluster] = await Promise.all([
    callClient(settings, 'id', ['-un']),
    readConfigured(settings, 'ClusterName')
  ])
  const user = who.status === 0 ? who.stdout.trim() : ''
  if (user === '' || cluster === null) return null
  return { user, host: settings.host ?? null, cluster }
}

/** True where both are known, and the same. */
export function isSamePlace(a: QueuePlace | null, b: QueuePlace | null): boolean {
  if (a === null || b === null) return false
  return a.user === b.user && a.host === b.host && a.cluster === b.cluster
}
