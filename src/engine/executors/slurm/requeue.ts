/** Puts the element that this process is back into its queue. */
import { ownElement } from '#engine/storage/claims'
import { callClient } from './clients'

/**
 * By its place in the array: the last element to start has the array's own number, by which all of them
 * would be put back.
 *
 * @returns false where this is no element, or the cluster does not allow it
 */
export async function requeueElement(): Promise<boolean> {
  const element = ownElement()
  if (element === null) return false
  const called = await callClient({}, 'scontrol', ['requeue', element])
  if (called.status !== 0) process.stderr.write(`not put back into the queue: ${called.stderr}\n`)
  return called.status === 0
}
