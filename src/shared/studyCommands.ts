/** What of a study is run as a command, here or on a cluster: what the user must have confirmed. */
import type { Study } from './records'

/** What a part of a study has run, by field; lists hold lines. */
export interface StudyCommands {
  whose: 'trainer' | 'cluster'
  commands: Record<string, string | string[]>
}

/** Fields of a cluster's settings that end up in a command line or a script, or say whom it is sent to. */
export const CLUSTER_COMMANDS = [
  'setup',
  'options',
  'container',
  'command',
  'host',
  'folder'
] as const

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
  if (executor?.kind === 'slurm') {
    const set = CLUSTER_COMMANDS.flatMap((field) => {
      const value = executor[field]
      return value === undefined || value.length === 0 ? [] : [[field, value] as const]
    })
    if (set.length > 0) parts.push({ whose: 'cluster', commands: Object.fromEntries(set) })
  }
  return parts
}
