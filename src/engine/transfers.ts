/** Two studies of one project held against each other: a smaller model's merges, a larger one's training. */
import { WorkbenchError } from '#shared/errors'
import type { ProjectSession } from './projectSession'
import { saveTextFile } from './textFiles'
import { transferEvidence } from './studies/transfer/transferEvidence'
import type { TransferEvidence } from './studies/transfer/transferEvidence'
import { transferPage } from './studies/transfer/transferPage'

export { transferCsv } from './studies/transfer/transferEvidence'
export type { TransferEvidence } from './studies/transfer/transferEvidence'

/**
 * How well the merges of one study foretell what training gave in another.
 *
 * @param names of the studies
 * @throws WorkbenchError `study/missing`, `study/from-tables`, `study/invalid` where they are one, hold
 *   other text, or have no mixture or domain in common
 */
export async function readTransfer(
  session: ProjectSession,
  names: { small: string; large: string }
): Promise<TransferEvidence> {
  if (names.small === names.large) {
    throw new WorkbenchError(
      'study/invalid',
      `"${names.small}" is asked to foretell itself: name two studies, of a smaller and a larger model.`
    )
  }
  const [small, large] = [session.study(names.small), session.study(names.large)]
  return transferEvidence(await session.results(small), await session.results(large))
}

/**
 * Writes the table and the rank–rank figures as one HTML file, whole or not at all.
 *
 * @throws WorkbenchError `storage/exists`, `storage/disk-full`, `storage/not-writable`
 */
export function saveTransfer(
  evidence: TransferEvidence,
  file: string,
  version: string
): Promise<{ file: string; bytes: number }> {
  return saveTextFile(file, transferPage(evidence, version))
}
