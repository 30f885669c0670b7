/** `assay transfer`: how well a smaller model's merges foretell a larger model's training. */
import type { Command } from 'commander'
import { version } from '../../../package.json'
import { readTransfer, saveTransfer, transferCsv } from '#engine'
import { formatBytes } from '../format'
import { describeTransfer } from '../transfer'
import { EXIT, withProject } from '../session'

interface TransferFlags {
  from: string
  to: string
  html?: string
  csv?: boolean
  json?: boolean
}

/** Adds `transfer` to the program. */
export function addTransferCommand(program: Command): void {
  program
    .command('transfer')
    .description("Hold a smaller model's merges against a larger model's training.")
    .argument('<project>', 'project folder')
    .requiredOption('--from <study>', "the smaller model's study, whose merges are the proxy")
    .requiredOption(
      '--to <study>',
      "the larger model's study, whose sequential models are the truth"
    )
    .option('--html <file>', 'write table and rank–rank figures as one HTML file instead')
    .option('--csv', 'print the table as CSV')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  assay transfer my-project --from small --to large')
    .action(async (path: string, flags: TransferFlags) => {
      await withProject(path, { ...flags, readOnly: true }, async ({ print }, session) => {
        const evidence = await readTransfer(session, { small: flags.from, large: flags.to })
        if (flags.html !== undefined) {
          const saved = await saveTransfer(evidence, flags.html, version)
          print(`Written: ${saved.file} (${formatBytes(saved.bytes)})`, saved)
          return EXIT.ok
        }
        print(flags.csv ? transferCsv(evidence).trimEnd() : describeTransfer(evidence), evidence)
        return EXIT.ok
      })
    })
}
