/** `assay export-model`: a merge or a run as a folder that transformers opens. */
import type { Command } from 'commander'
import { version } from '../../../package.json'
import { exportModel } from '#engine'
import { WorkbenchError } from '#shared/errors'
import { MergeKindSchema } from '#shared/records'
import { byteCount, dtypeFrom, namedNumbers } from '../flags'
import { formatBytes } from '../format'
import { EXIT, withProject } from '../session'

interface ExportModelFlags {
  mixture?: string
  weights: Record<string, number>
  merge: string
  run?: string
  dtype: string
  shardSize?: string
  out?: string
  study?: string
  json?: boolean
}

/** Adds `export-model` to the program. */
export function addExportModelCommand(program: Command): void {
  program
    .command('export-model')
    .description('Write the merge of a mixture, or any run, as a Hugging Face folder.')
    .argument('<project>', 'project folder')
    .option('--mixture <name>', 'the merge of this mixture of the study')
    .option(
      '--weights <shares>',
      'the merge of a mixture by weights: code=1,law=3',
      (text: string, before: Record<string, number>) => namedNumbers(text, before, '--weights'),
      {}
    )
    .option('--merge <kind>', 'how branches are weighted: micro, macro, tau-0.5', 'micro')
    .option('--run <name>', 'a run: seed, a base unit, a sequential model; or its fingerprint')
    .option('--dtype <type>', 'float32, float16, bfloat16', 'float32')
    .option('--shard-size <bytes>', 'bytes of one file at most: 2GB (default: one file)')
    .option('--out <folder>', 'folder that is empty or not there (default: in the project)')
    .option('--study <name>', 'which study (default: the first)')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay export-model my-study --mixture law+code --dtype bfloat16 --out merged' +
        '\n  assay export-model my-study --run seed --shard-size 2GB'
    )
    .action(async (path: string, flags: ExportModelFlags) => {
      const request = requestFrom(flags)
      const how = {
        version,
        dtype: dtypeFrom(flags.dtype),
        ...(flags.shardSize ? { shardBytes: byteCount(flags.shardSize, '--shard-size') } : {}),
        ...(flags.out ? { folder: flags.out } : {})
      }
      const readOnly = flags.out !== undefined
      await withProject(path, { ...flags, readOnly }, async (context, session) => {
        const { print, progress, signal } = context
        const study = session.study(flags.study)
        const written = await exportModel(session, study, request, how, {
          signal,
          onProgress: (one) => progress.update('export', one)
        })
        const files = written.files.length
        print(
          `Written: ${written.folder} (${formatBytes(written.bytes)} of weights in ${files} ${files === 1 ? 'file' : 'files'})`,
          written
        )
        return EXIT.ok
      })
    })
}

function requestFrom({ mixture, weights, run, merge }: ExportModelFlags) {
  const hasWeights = Object.keys(weights).length > 0
  const asked = [mixture !== undefined, hasWeights, run !== undefined].filter(Boolean).length
  if (asked !== 1) {
    throw new WorkbenchError(
      'usage/invalid',
      'Say which model: one of --mixture NAME, --weights NAME=SHARE,… and --run NAME.'
    )
  }
  if (run !== undefined) return { run }
  const kind = MergeKindSchema.safeParse(merge)
  if (kind.success) return { mixture: mixture ?? weights, merge: kind.data }
  throw new WorkbenchError(
    'usage/invalid',
    `--merge wants micro, macro or a number between them such as tau-0.5, found "${merge}".`,
    { flag: '--merge', found: merge }
  )
}
