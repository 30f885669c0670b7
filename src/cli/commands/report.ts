/** `assay report`: what a study has found so far, and how far to believe it. */
import type { Command } from 'commander'
import { version } from '../../../package.json'
import { describeEvidence } from '../evidence'
import { DOCUMENT_CHOICES, saveReportFile, saveTextFile } from '#engine'
import type { ProjectSession } from '#engine'
import { additionPairsCsv } from '#shared/additionEffect'
import { WorkbenchError } from '#shared/errors'
import { describeAddition } from '../additions'
import { formatBytes } from '../format'
import { choice, wholeNumber } from '../flags'
import { EXIT, withProject } from '../session'
import type { CommandContext } from '../session'

interface ReportFlags {
  study?: string
  near?: string[]
  documents: string
  limit: string
  acrossSizes?: boolean
  adding?: string
  csv?: string
  html?: string
  latex?: string
  json?: boolean
}

/** Adds `report` to the program. */
export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('Rank the mixtures and say how far the proxy may be believed. Works beside a run.')
    .argument('<project>', 'project folder')
    .option('--study <name>', 'which study (default: the first)')
    .option('--near <partition...>', 'partitions that are alike: their agreement by itself as well')
    .option('--documents <which>', 'held-out documents: all, clean, choose, confirm', 'all')
    .option('--limit <n>', 'mixtures shown of each size', '10')
    .option('--across-sizes', 'rank all sizes together too, with the caution that needs')
    .option('--adding <partition>', 'only what adding it does, mixture by mixture')
    .option('--csv <file>', 'with --adding: every change as CSV')
    .option('--html <file>', 'write the whole report as one HTML file instead of printing it')
    .option('--latex <file>', 'write its tables for LaTeX (booktabs) instead of printing it')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay report my-study\n  assay report my-study --near law-1990s law-2000s\n  assay report my-study --adding mail\n  assay report my-study --html my-study.html\n  assay report my-study --latex paper/tables.tex'
    )
    .action(async (path: string, flags: ReportFlags) => {
      const limit = wholeNumber(flags.limit, '--limit')
      const near = flags.near ?? []
      const documents = choice(DOCUMENT_CHOICES, flags.documents, '--documents')
      if (flags.csv !== undefined && flags.adding === undefined) {
        throw new WorkbenchError('usage/invalid', '--csv goes with --adding.')
      }
      await withProject(path, { ...flags, readOnly: true }, async ({ print }, session) => {
        const files = [
          { form: 'html' as const, file: flags.html },
          { form: 'latex' as const, file: flags.latex }
        ].flatMap(({ form, file }) =>
          file === undefined ? [] : [{ form, file, version, documents }]
        )
        if (files.length > 0) {
          const study = session.study(flags.study)
          const saved = []
          for (const one of files) saved.push(await saveReportFile(session, study, one))
          print(
            saved.map(({ file, bytes }) => `Written: ${file} (${formatBytes(bytes)})`).join('\n'),
            saved.length === 1 ? saved[0] : saved
          )
          return EXIT.ok
        }
        if (flags.adding !== undefined) return tellAddition(print, session, flags.adding, flags)
        const evidence = await session.evidence(session.study(flags.study), { near, documents })
        print(
          describeEvidence(evidence, { near, limit, acrossSizes: flags.acrossSizes ?? false }),
          evidence
        )
        return EXIT.ok
      })
    })
}

/** What one partition does to each mixture: after it was added to a study, what it is worth. */
async function tellAddition(
  print: CommandContext['print'],
  session: ProjectSession,
  added: string,
  { study, documents, limit, csv }: ReportFlags
): Promise<number> {
  const { pairs: found } = await session.reports.additions(session.study(study), {
    added,
    documents: choice(DOCUMENT_CHOICES, documents, '--documents')
  })
  const file = csv === undefined ? null : await saveTextFile(csv, additionPairsCsv(found))
  const words = describeAddition(found, wholeNumber(limit, '--limit'))
  print(file ? `${words}\nWritten: ${file.file}` : words, found)
  return EXIT.ok
}
