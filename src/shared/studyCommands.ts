/** What of a study is run as a command, here or on a cluster: what the user must have confirmed. */
import { clusterCommands } from './executors'
import type { Study } from './records'

/** What a part of a study has run, by field; lists hold lines. */
export interface StudyCommands {
  whose: 'trainer' | 'cluster'
  commands: Record<string, string | string[]>
}

/** The commands of a study; none of most. */
export function commandsOf({
  trainer,
  executor
}: Pick<Study, 'trainer' | 'executor'>): StudyCommands[] {
  const parts: StudyCommands[] = []
  if (trainer) {
    const { command, setup, folder } = trainer
    const commands = { command, setup, ...(folder === undefined ? {} : { folder }) }
    parts.push({ whose: 'trainer', commands })
  }
  const cluster = clusterCommands(executor)
  if (Object.keys(cluster).length > 0) parts.push({ whose: 'cluster', commands: cluster })
  return parts
}
