/** `assay demo`: a whole study on real text, in minutes. */
import { mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { ProjectSession } from '#engine'
import { WorkbenchError } from '#shared/errors'
import type { StudyDraft } from '#shared/records'
import { CORPUS_RECIPES, LARGE_CORPUS_RECIPES } from '../demo/corpora'
import type { CorpusRecipe } from '../demo/corpora'
import { demoStudy, LARGE_NEAR, largeDemoStudy, NEAR_PAIR } from '../demo/study'
import { fetchDemoTexts } from '../demo/texts'
import { describeEvidence } from '../evidence'
import { wholeNumber } from '../flags'
import { formatBytes, formatCount, formatFlops, formatSeconds } from '../format'
import { EXIT, isInterrupted, withEngine } from '../session'
import type { CommandContext } from '../session'
import { studyDisplay } from '../studyDisplay'
import { describePlan, diskFloor } from './run'

interface DemoFlags {
  threads?: string
  diskFloor?: string
  randomSeed: string
  large?: boolean
  textsOnly?: boolean
  json?: boolean
}

/** One of the demos. */
interface Demo {
  corpora: readonly CorpusRecipe[]
  study: StudyDraft
  near: string[]
  /** Where its texts are kept in the cache. */
  documents: string
  /** What asks for it on the command line. */
  flag: string
}

function chooseDemo({ large, randomSeed }: DemoFlags): Demo {
  const seed = wholeNumber(randomSeed, '--random-seed')
  return large
    ? {
        corpora: LARGE_CORPUS_RECIPES,
        study: largeDemoStudy(seed),
        near: LARGE_NEAR,
        documents: 'large-documents',
        flag: ' --large'
      }
    : {
        corpora: CORPUS_RECIPES,
        study: demoStudy(seed),
        near: NEAR_PAIR,
        documents: 'documents',
        flag: ''
      }
}

/** Adds `demo` to the program. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('Run a small study on real text and print what it found. Run again to go on.')
    .argument('[folder]', 'where the project goes', 'assay-demo')
    .option('--threads <n>', 'threads to use (default: all)')
    .option('--random-seed <n>', 'of weights and orders of data, when the project is made', '1')
    .option('--large', 'eleven partitions and 48 sequential models: some ten times the work')
    .option('--texts-only', 'make the project with its texts and study; train nothing')
    .option('--disk-floor <bytes>', 'wait while less is free: 5GB (default: by the model)')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  assay demo\n  assay demo /tmp/demo --random-seed 2\n  assay demo large-demo --large'
    )
    .action(async (folder: string, flags: DemoFlags) => {
      const demo = chooseDemo(flags)
      await withEngine(flags, (context) =>
        flags.textsOnly
          ? makeDemo(resolve(folder), demo, context)
          : runDemo(resolve(folder), demo, context, diskFloor(flags))
      )
    })
}

async function makeDemo(folder: string, demo: Demo, context: CommandContext): Promise<number> {
  const say = (text: string) => context.progress.log(text)
  const session = await demoProject(folder, demo, context, say)
  await session.close()
  context.print(`The demo's project: ${folder}\nRun it: assay run ${folder}`, { project: folder })
  return EXIT.ok
}

async function runDemo(
  folder: string,
  demo: Demo,
  context: CommandContext,
  disk: ReturnType<typeof diskFloor>
): Promise<number> {
  const { progress, signal, print } = context
  const beganAt = performance.now()
  const say = (text: string) => progress.log(text)
  say(`The demo's project: ${folder}`)
  const session = await demoProject(folder, demo, context, say)
  try {
    const study = session.study()
    say('Preparing: tokenizer, held-out parts, base units')
    const onEvent = studyDisplay(progress)
    const before = await session.cost(study, {
      signal,
      disk,
      onEvent,
      onProgress: (one) => progress.update('prepare', one)
    })
    progress.end('prepare')
    say(`${describePlan(before)}\n`)
    const summary = await session.run(study, { signal, disk, onEvent })
    if (summary.wasStopped) {
      progress.log(`Stopped cleanly. To go on: npx --no assay demo ${folder}${demo.flag}`)
      return isInterrupted(signal) ? EXIT.interrupted : EXIT.failed
    }
    say('Computing agreement and its intervals')
    const evidence = await session.evidence(study, { near: demo.near })
    const tables = join(folder, 'exports')
    const files = await session.exportTables(study, { folder: tables })
    const cost = await session.cost(study)
    const seconds = (performance.now() - beganAt) / 1000
    print(
      [
        '',
        describeEvidence(evidence, { near: demo.near }),
        '',
        'COST',
        `To answer for ${cost.mixtures} mixtures: ${cost.modular.runs} runs and ${formatFlops(cost.modular.flops)} by merging, ` +
          `${cost.naive.runs} runs and ${formatFlops(cost.naive.flops)} by training each ` +
          `(${(cost.naive.flops / cost.modular.flops).toFixed(1)} times as much).`,
        `This run: ${summary.trained} runs trained, ${summary.measured} models measured, ${formatSeconds(seconds)}. ` +
          `Measuring merges and models: ${mergeShare(summary)}`,
        '',
        `Project: ${folder}`,
        `Tables:  ${tables} (${files.length} CSV files, described in docs/csv.md)`,
        '',
        `A study this small (${formatCount(cost.parameters)} parameters, minutes of training) shows how the method works;`,
        'it is not a finding about these texts. docs/demo.md says where they come from.'
      ].join('\n'),
      { project: folder, tables: files, evidence, cost, summary, seconds }
    )
    return summary.failed.length > 0 ? EXIT.failed : EXIT.ok
  } finally {
    await session.close()
  }
}

/** Where downloads are kept; the set-up keeps its own there too (scripts/setup/wheels.mjs). */
function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const own = environment['ASSAY_CACHE']
  return own || join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'assay')
}

function mergeShare(summary: { averageMs: number; evaluateMs: number }): string {
  const total = summary.averageMs + summary.evaluateMs
  if (total === 0) return 'nothing was left to measure.'
  return `averaging took ${((summary.averageMs / total) * 100).toFixed(1)} % of that time, evaluation the rest.`
}

async function demoProject(
  folder: string,
  demo: Demo,
  { engine, progress, signal }: CommandContext,
  say: (text: string) => void
): Promise<ProjectSession> {
  const isThere = existsSync(join(folder, 'project.assay'))
  const session = isThere
    ? await engine.openProject(folder)
    : await engine.createProject(folder, demo.study, "the demo's study")
  try {
    if (isThere) assertDemo(session, demo, folder)
    const cache = join(cacheFolder(process.env), 'demo')
    const outFolder = join(cache, demo.documents)
    await mkdir(outFolder, { recursive: true })
    const texts = await fetchDemoTexts(demo.corpora, cache, outFolder, say)
    const there = new Set(session.corpora.map((corpus) => corpus.name))
    for (const text of texts.corpora.filter((one) => !there.has(one.name))) {
      const corpus = await session.importCorpus(
        {
          name: text.name,
          role: text.role,
          ...(text.domainKind ? { domainKind: text.domainKind } : {}),
          paths: [text.path],
          textField: 'text',
          partition: { kind: 'one', name: text.name },
          inPlace: false,
          skipBadLines: false,
          keepFields: []
        },
        { signal, onProgress: (one) => progress.update('import', one) }
      )
      progress.end('import')
      say(
        `imported ${corpus.name} (${corpus.role}): ${formatCount(corpus.documents)} documents, ` +
          `${formatBytes(corpus.bytes)} of text; ${text.licence}; ${text.source}`
      )
    }
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

/** One demo's texts do not belong into another's project. */
function assertDemo(session: ProjectSession, demo: Demo, folder: string): void {
  if (session.studies.some(({ name }) => name === demo.study.name)) return
  const found = session.studies.map(({ name }) => `"${name}"`).join(', ')
  throw new WorkbenchError(
    'usage/invalid',
    `${folder} is not a project of this demo: expected a study "${demo.study.name}", found ${found}. Name another folder.`,
    { folder }
  )
}
