/** `assay report`: what a study has found so far, and how far to believe it. */
import type { Command } from 'commander'
import { version } from '../../../package.json'
import { describeEvidence } from '../evidence'
import { DOCUMENT_CHOICES, saveReportFile } from '#engine'
import { formatBytes } from '../format'
import { choice, wholeNumber } from '../flags'
import { EXIT, withProject } from '../session'

interface ReportFlags {
  study?: string
  near?: string[]
  documents: string
  limit: string
  acrossSizes?: boolean
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
    .option('--html <file>', 'write the whole report as one HTML file instead of printing it')
    .option('--latex <file>', 'write its tables for LaTeX (booktabs) instead of printing it')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay report my-study\n  assay report my-study --near law-1990s law-2000s\n  assay report my-study --html my-study.html\n  assay report my-study --latex paper/tables.tex'
    )
    .action(async (path: string, flags: ReportFlags) => {
      const limit = wholeNumber(flags.limit, '--limit')
      const near = flags.near ?? []
      const documents = choice(DOCUMENT_CHOICES, flags.documents, '--documents')
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
        const evidence = await session.evidence(session.study(flags.study), { near, documents })
        print(
          describeEvidence(evidence, { near, limit, acrossSizes: flags.acrossSizes ?? false }),
          evidence
        )
        return EXIT.ok
      })
    })
}
