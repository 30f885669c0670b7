/** `assay commands`: what a study runs as commands, and whether it may here. */
import type { Command } from 'commander'
import { confirmCommands, readCommands, withdrawCommands } from '#engine'
import type { ShownCommands } from '#shared/studyCommands'
import { visibleText } from '#shared/visibleText'
import { textTable } from '../format'
import { EXIT, withProject } from '../session'

interface CommandsFlags {
  study?: string
  trustCommands?: boolean
  withdraw?: boolean
  json?: boolean
}

/** Adds `commands` to the program. */
export function addCommandsCommand(program: Command): void {
  program
    .command('commands')
    .description(
      "List what a study runs as commands, its trainer's and its cluster's (docs/security.md), and whether they may run here."
    )
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--trust-commands', 'confirm that the commands of the study may run, from now on')
    .option('--withdraw', 'let them run no more, until they are confirmed again')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay commands my-study\n  assay commands my-study --withdraw'
    )
    .action((path: string, flags: CommandsFlags) =>
      withProject(path, { ...flags, readOnly: true }, async ({ print }, session) => {
        const study = session.study(flags.study)
        if (flags.withdraw) await withdrawCommands(session.folder, study)
        else if (flags.trustCommands) await confirmCommands(session.folder, study)
        const parts = await readCommands(session.folder, study)
        print(describeCommands(parts), { study: study.name, parts })
        return EXIT.ok
      })
    )
}

function describeCommands(parts: ShownCommands[]): string {
  if (parts.length === 0) return 'The study runs no commands of its own.'
  const rows = parts.flatMap(({ whose, isConfirmed, lines }) =>
    lines.map(({ field, text }) => [whose, field, isConfirmed ? 'yes' : 'no', visibleText(text)])
  )
  return textTable(['whose', 'setting', 'confirmed', 'line'], rows)
}
