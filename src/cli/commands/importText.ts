/** `assay import`: text into a project, told apart into partitions. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ProjectSession } from '#engine'
import { WorkbenchError } from '#shared/errors'
import { nameOfSource } from '#shared/names'
import { parseRanges } from '#shared/partitionRanges'
import { CorpusRoleSchema, DomainKindSchema } from '#shared/records'
import type { Corpus, PartitionRule } from '#shared/records'
import type { SourceDescription } from '#shared/sourceDescription'
import type { TaskFields } from '#shared/textEvaluation'
import { EXIT, withEngine, withProject } from '../session'
import { addTaskFlags, choice, wholeNumber } from '../flags'
import type { TaskFlags } from '../flags'
import { formatBytes, formatCount, textTable } from '../format'

interface ImportFlags extends TaskFlags {
  name?: string
  as: string
  kind?: string
  text: string
  partition?: string
  byFile?: boolean
  byFolder?: boolean
  range?: string
  where?: string[]
  take?: string
  preview?: boolean
  inPlace?: boolean
  skipBadLines?: boolean
  keep?: string[]
  holdoutBy?: string
  tokenizer?: string
  endOfTextId?: string
  tokenType?: string
  task?: boolean
  json?: boolean
}

/** Adds the command to the program. */
export function addImportCommand(program: Command): void {
  const command = program
    .command('import')
    .description(
      'Import text: JSONL, plain text, CSV, TSV, Parquet, Arrow, pre-tokenised; .gz and .zst too.'
    )
    .argument('<project>', 'project folder')
    .argument('<paths...>', 'files, folders or globs')
    .option('--as <role>', 'training, seed or evaluation', 'training')
    .option('--name <name>', 'name of the corpus (default: the first file or folder)')
    .option('--kind <kind>', 'of an evaluation corpus: out (default), seed or in')
    .option('--text <field>', 'field that holds the text', 'text')
    .option('--partition <field>', 'one partition per value of a field (metadata.topic)')
    .option('--by-file', 'one partition per file')
    .option('--by-folder', 'one partition per folder')
    .option('--range <spec>', 'ranges over a field: metadata.year:1970-1999,2000-2009')
    .option('--where <name=condition...>', "DuckDB conditions: recent='year > 2010'")
    .option('--take <tokens>', 'at most about so many tokens per partition, sampled by hash')
    .option('--in-place', 'keep offsets and hashes instead of a copy of the text')
    .option('--skip-bad-lines', 'count lines that are not JSON instead of stopping')
    .option('--keep <field...>', 'fields that a study will order or hold out by')
    .option('--holdout-by <field>', 'equal values stay on one side of the held-out parts')
    .option('--tokenizer <file>', 'pre-tokenised text: its tokenizer.json')
    .option('--end-of-text-id <id>', 'pre-tokenised text: id that ends a document')
    .option(
      '--token-type <type>',
      'raw .bin files: uint16, uint32 or int32 (default: by the vocabulary)'
    )
    .option('--task', 'evaluation: contexts with answers, of which the right ones are measured')
  addTaskFlags(command)
    .option('--preview', 'look at the first documents and import nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  assay import my-study papers.jsonl.gz --text abstract --partition field
  assay import my-study papers.jsonl.gz --preview --partition field
  assay import my-study texts/ --by-folder
  assay import my-study papers.parquet --range year:1970-1999,2000-2009,2010-2019
  assay import my-study wiki.jsonl.zst --as seed --name seed
  assay import my-study mail.jsonl --partition list --holdout-by thread
  assay import my-study fiction/ --as evaluation --name fiction
  assay import my-study arc.jsonl --as evaluation --task --context question --gold answerKey`
    )
    .action(async (project: string, paths: string[], flags: ImportFlags, command: Command) => {
      refuseIdleFlags(flags, command)
      const isTextGiven = command.getOptionValueSource('text') !== 'default'
      if (flags.preview) await preview(paths, flags, isTextGiven)
      else await importInto(project, paths, flags)
    })
}

/** A flag that would do nothing is a mistake somebody should hear of. */
function refuseIdleFlags(flags: ImportFlags, command: Command): void {
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli'
  const ofTask = ['context', 'choices', 'gold', 'delimiter'].find(isGiven)
  const idle = [
    flags.task && flags.as !== 'evaluation' ? '--task wants --as evaluation' : '',
    flags.task && isGiven('text') ? '--task has no --text' : '',
    ofTask !== undefined && !flags.task ? `--${ofTask} wants --task` : '',
    flags.kind !== undefined && flags.as !== 'evaluation' ? '--kind wants --as evaluation' : '',
    flags.endOfTextId !== undefined && !flags.tokenizer ? '--end-of-text-id wants --tokenizer' : '',
    flags.tokenType !== undefined && !flags.tokenizer ? '--token-type wants --tokenizer' : ''
  ].filter(Boolean)
  if (idle.length > 0) throw new WorkbenchError('usage/invalid', `${idle.join('; ')}.`)
}

async function preview(paths: string[], flags: ImportFlags, isTextGiven: boolean): Promise<void> {
  await withEngine(flags, async ({ engine, print }) => {
    const seen = await engine.previewSources({
      paths: paths.map((path) => resolve(path)),
      partition: ruleFrom(flags, flags.name ?? nameOfSource(paths[0]!)),
      ...(isTextGiven ? { textField: flags.text } : {}),
      ...(flags.tokenizer ? { tokenized: tokenizedFrom(flags) } : {}),
      ...(flags.task ? { task: taskFrom(flags) } : {})
    })
    print(describeSources(seen), seen)
    return EXIT.ok
  })
}

async function importInto(project: string, paths: string[], flags: ImportFlags): Promise<void> {
  await withProject(project, flags, async ({ progress, signal, print }, session) => {
    const name = flags.name ?? nameOfSource(paths[0]!)
    const role = choice(CorpusRoleSchema.options, flags.as, '--as')
    if (flags.holdoutBy) await holdOutBy(session, flags.holdoutBy)
    const needed = session.studies.flatMap((study) => [study.unit.orderBy, study.holdOut.by])
    const corpus = await session.importCorpus(
      {
        name,
        role,
        ...(role === 'evaluation'
          ? { domainKind: choice(DomainKindSchema.options, flags.kind ?? 'out', '--kind') }
          : {}),
        paths: paths.map((path) => resolve(path)),
        textField: flags.text,
        partition: ruleFrom(flags, name),
        ...(flags.take !== undefined ? { take: wholeNumber(flags.take, '--take') } : {}),
        inPlace: flags.inPlace ?? false,
        skipBadLines: flags.skipBadLines ?? false,
        keepFields: [
          ...new Set([
            ...(flags.keep ?? []),
            ...needed.filter((field): field is string => field !== null)
          ])
        ],
        ...(flags.tokenizer ? { tokenized: tokenizedFrom(flags) } : {}),
        ...(flags.task ? { task: taskFrom(flags) } : {})
      },
      { signal, onProgress: (one) => progress.update('import', one) }
    )
    print(describeCorpus(corpus), corpus)
    return EXIT.ok
  })
}

function taskFrom({ context, choices, gold, delimiter }: ImportFlags): TaskFlags {
  return { context, choices, gold, delimiter }
}

/**
 * Sets the field that the project's studies hold out by.
 *
 * Only before there is text: held-out parts never change once text is imported.
 */
async function holdOutBy(session: ProjectSession, field: string): Promise<void> {
  const others = session.studies.filter((study) => study.holdOut.by !== field)
  if (others.length === 0) return
  if (session.corpora.some((corpus) => corpus.role !== 'evaluation')) {
    throw new WorkbenchError(
      'usage/invalid',
      `--holdout-by ${field}: the project holds text already, and its study holds out by ${others[0]!.holdOut.by ?? 'document'}. Give the flag with the first import, or set holdOut.by in a new study: assay study PROJECT --from study.json`,
      { field }
    )
  }
  for (const study of others) {
    await session.saveStudy({ ...study, holdOut: { ...study.holdOut, by: field } })
  }
}

function describeSources(seen: SourceDescription): string {
  const fields = seen.fields.map((field) => [
    field.name,
    `${field.inDocuments} of ${seen.lookedAt}`,
    field.examples.map((example) => example.replace(/\s+/g, ' ').slice(0, 30)).join(' | ')
  ])
  const partitions = (seen.partitions ?? []).map((one) => [one.name, String(one.documents)])
  return [
    `${seen.files.length} files, ${formatBytes(seen.bytes)} (${[...new Set(seen.files.map((file) => file.format))].join(', ')}); the first ${seen.lookedAt} documents:`,
    ...(seen.bad.records > 0
      ? [`${seen.bad.records} records cannot be read as text. The first: ${seen.bad.first}`]
      : []),
    ...(seen.empty > 0 ? [`${seen.empty} documents have no text.`] : []),
    ...(fields.length > 0 ? ['', textTable(['field', 'in', 'examples'], fields)] : []),
    ...(seen.likelyTextField ? ['', `Likely the text: --text ${seen.likelyTextField}`] : []),
    ...(seen.likelyTask ? [taskHint(seen.likelyTask)] : []),
    '',
    textTable(['partition', 'documents looked at'], partitions),
    ...seen.documents.map(
      ({ file, position, text }) => `\n${file}, document ${position}:\n${text.slice(0, 300)}`
    )
  ].join('\n')
}

function taskHint({ context, choices, gold }: TaskFields): string {
  return `Likely a task: --as evaluation --task --context ${context} --choices ${choices} --gold ${gold}`
}

function describeCorpus(corpus: Corpus): string {
  const rows = corpus.partitions.map((one) => [
    one.name,
    String(one.documents),
    formatBytes(one.bytes)
  ])
  const skipped = [
    corpus.empty > 0 ? `${corpus.empty} documents without text` : '',
    corpus.badLines > 0 ? `${corpus.badLines} lines that could not be read` : ''
  ].filter(Boolean)
  return [
    `Imported ${corpus.name} (${corpus.role}): ${formatCount(corpus.documents)} documents, ${formatBytes(corpus.bytes)}`,
    ...(skipped.length > 0 ? [`Left out: ${skipped.join(', ')}`] : []),
    '',
    textTable(['partition', 'documents', 'text'], rows)
  ].join('\n')
}

/** The partition rule that the flags ask for; everything is one partition by default. */
export function ruleFrom(flags: ImportFlags, name: string): PartitionRule {
  const given = [
    flags.partition !== undefined ? '--partition' : '',
    flags.byFile ? '--by-file' : '',
    flags.byFolder ? '--by-folder' : '',
    flags.range !== undefined ? '--range' : '',
    flags.where ? '--where' : ''
  ].filter(Boolean)
  if (given.length > 1) {
    throw new WorkbenchError(
      'usage/invalid',
      `A partition is defined in one way; given were ${given.join(' and ')}.`
    )
  }
  if (flags.partition !== undefined) return { kind: 'field', field: flags.partition }
  if (flags.byFile) return { kind: 'file' }
  if (flags.byFolder) return { kind: 'folder' }
  if (flags.range !== undefined) return rangeRule(flags.range)
  if (flags.where) {
    return {
      kind: 'condition',
      conditions: flags.where.map((text) => {
        const equals = text.indexOf('=')
        if (equals < 1) {
          throw new WorkbenchError(
            'usage/invalid',
            `--where wants name=condition, found "${text}".`
          )
        }
        return { name: text.slice(0, equals), sql: text.slice(equals + 1) }
      })
    }
  }
  return { kind: 'one', name }
}

function rangeRule(spec: string): PartitionRule {
  const colon = spec.indexOf(':')
  const ranges = parseRanges(spec.slice(colon + 1))
  if (colon < 1 || ranges === null) {
    throw new WorkbenchError(
      'usage/invalid',
      `--range wants field:from-to,from-to (metadata.year:1970-1999,2000-2009), found "${spec}".`
    )
  }
  return { kind: 'range', field: spec.slice(0, colon), ranges }
}

function tokenizedFrom(flags: ImportFlags) {
  if (flags.endOfTextId === undefined) {
    throw new WorkbenchError('usage/invalid', '--tokenizer wants --end-of-text-id as well.')
  }
  return {
    tokenizerFile: resolve(flags.tokenizer!),
    endOfTextId: wholeNumber(flags.endOfTextId, '--end-of-text-id'),
    // Left out, the type follows from the tokenizer's size.
    ...(flags.tokenType === undefined
      ? {}
      : { type: choice(['uint16', 'int32', 'uint32'] as const, flags.tokenType, '--token-type') })
  }
}
