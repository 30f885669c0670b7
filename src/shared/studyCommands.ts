/** What of a study is run as a command, here or on a cluster: what the user must have confirmed. */
import { z } from 'zod'
import { clusterCommands } from './executors'
import type { Study } from './records'

/** One line of what is run, or a place that it is run in, as it stands in the study. */
const CommandLineSchema = z.strictObject({ field: z.string(), text: z.string() })

/** What a part of a study has run, for who is to confirm it. */
export const ShownCommandsSchema = z.strictObject({
  whose: z.enum(['trainer', 'cluster']),
  lines: z.array(CommandLineSchema),
  /** Names these very lines. */
  key: z.string(),
  /** Whether they may run on the engine's machine, in this project. */
  isConfirmed: z.boolean()
})
export type ShownCommands = z.infer<typeof ShownCommandsSchema>

/** What an open project is asked of the commands that its studies run. */
export const CONFIRMATION_COMMANDS = {
  /** What of a study, as it is saved, is run as a command; nothing of most. */
  readCommands: {
    input: z.strictObject({ study: z.string() }),
    output: z.array(ShownCommandsSchema)
  },
  /**
   * Lets them run from now on. Refused from a screen that came over a network, and where they are not those
   * that were shown, by their keys, any more.
   */
  confirmCommands: {
    input: z.strictObject({ study: z.string(), keys: z.array(z.string()).min(1).max(2) }),
    output: z.strictObject({})
  },
  /** Lets those of a study run no more, here and in this project, until they are confirmed again. */
  withdrawCommands: {
    input: z.strictObject({ study: z.string() }),
    output: z.strictObject({})
  }
} as const

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
