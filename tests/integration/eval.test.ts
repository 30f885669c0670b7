import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Engine } from '#engine'
import { projectPaths } from '#engine/storage/paths'
import { bitsPerByte, perplexity } from '#shared/metrics'
import { builtEngine, tinyProject } from '../support/builtEngine'
import { assay, assayDone, assayError } from '../support/commandLine'
import { untilListening } from '../support/listening'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments } from '../support/tinyCorpus'
import expected from '../golden/evaluation/expected.json'

const GOLDEN = 'tests/golden/evaluation'
const MODEL = join(GOLDEN, 'tiny')
const TEXTS = join(GOLDEN, 'texts.jsonl')
const TASK = join(GOLDEN, 'task.jsonl')

interface Row {
  model: string
  data: string
  task: string
  nats: number
  tokens: number
  bytes: number
  perplexity: number
  bitsPerByte: number
}
interface Evaluated {
  models: { definition: { begin: { token: string }; window: number; stride: number } }[]
  texts: Row[]
  tasks: Row[]
}

async function evaluated(...args: string[]): Promise<Evaluated> {
  return JSON.parse(await assayDone(['eval', ...args, '--json'])) as Evaluated
}

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

test('models and texts make a table, with the numbers of transformers in it', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'a.txt'), 'the theory of the thing')
  await writeFile(join(folder, 'b.txt'), 'then and there')
  const sources = ['--data', TEXTS, folder, '--text', 'body', '--task', TASK]
  const { models, texts, tasks } = await evaluated('--model', MODEL, `${MODEL}/`, ...sources)
  expect(models.map(({ definition }) => definition.window)).toEqual([128, 128])
  expect(texts.map(({ model, data }) => [model, data])).toEqual(
    [MODEL, `${MODEL}/`].flatMap((model) => [TEXTS, folder].map((data) => [model, data]))
  )
  expect(texts[0]!.nats / expected.texts[0]!.nats).toBeCloseTo(1, 6)
  expect(tasks.map(({ tokens, bytes }) => [tokens, bytes])).toEqual(
    [0, 1].map(() => [expected.task.tokens, expected.task.bytes])
  )
  expect(tasks[0]!.nats / expected.task.nats).toBeCloseTo(1, 6)
  const shown = await assayDone([
    'eval',
    '--model',
    MODEL,
    ...sources,
    '--stride',
    '8',
    '--window',
    '24'
  ])
  expect(shown).toContain('each after the first scoring its last 8 tokens')
  expect(shown.match(/texts\.jsonl|task\.jsonl/g)).toHaveLength(2)
})

test('what cannot be measured is said', async () => {
  const error = (...args: string[]) => assayError(['eval', '--model', MODEL, ...args])
  expect(await error()).toMatchObject({ status: 2, code: 'usage/invalid' })
  expect(await error('--data', TEXTS)).toMatchObject({ status: 1, code: 'corpus/missing-field' })
  expect(await error('--data', TEXTS, '--text', 'body', '--stride', '0')).toMatchObject({
    status: 2
  })
  expect(await error('--data', TEXTS, '--text', 'body', '--window', '1000')).toMatchObject({
    code: 'usage/invalid',
    details: { contextLength: 128 }
  })
  expect(await assayError(['eval', '--model', GOLDEN, '--data', TEXTS])).toMatchObject({
    code: 'checkpoint/invalid'
  })
})

test('it is stopped by Ctrl-C and prints nothing then', async () => {
  // Minutes of work, whatever the machine: when it is stopped it is either amid it or not yet there.
  const path = join(await temporaryFolder(), 'long.jsonl')
  const text = 'the theory of the thing, then and there '.repeat(100)
  const lines = Array.from({ length: 15_000 }, (_, i) => JSON.stringify({ text: `${i} ${text}` }))
  await writeFile(path, lines.join('\n'))
  const args = ['eval', '--model', MODEL, '--data', path, '--window', '8', '--json']
  const outcome = await new Promise<{ status: number | null; stdout: string }>((done, fail) => {
    const cli = resolve('out/main/cli.cjs')
    const child = execFile(process.execPath, [cli, ...args], (_, stdout) => {
      done({ status: child.exitCode, stdout })
    })
    // It listens to Ctrl-C just before it listens to this; a while later it reads.
    untilListening(child.pid!, 'SIGHUP')
      .then(() => sleep(3000))
      .then(() => child.kill('SIGINT'), fail)
  })
  expect(outcome).toEqual({ status: 130, stdout: '' })
}, 60_000)

test('a task is a domain of a study, and eval says the same of its models', async () => {
  const folder = await temporaryFolder()
  const project = join(folder, 'project')
  const session = await tinyProject(engine, project)
  await session.close()
  const items = tinyDocuments('law', 12, 14).map((text, index) => {
    const words = text.split(' ')
    const context = words.slice(0, 9 + (index % 3)).join(' ')
    const answer = words.slice(11).join(' ')
    return { question: context, choices: [answer, `${index}`], answer: 0 }
  })
  const path = join(folder, 'quiz.jsonl')
  await writeFile(path, items.map((item) => JSON.stringify(item)).join('\n'))
  const fields = ['--context', 'question', '--gold', 'answer']
  await assayDone(['import', project, path, '--as', 'evaluation', '--task', ...fields])
  await assayDone(['run', project])

  const opened = await engine.openProject(project, { readOnly: true })
  const study = opened.study()
  const { prepared } = await opened.plan(study)
  const quiz = prepared.domains.find(({ name }) => name === 'quiz')!
  const { models } = await opened.results(study)
  const seed = models.find(({ role }) => role === 'seed')!
  await opened.close()
  const nats = seed.nats.get('quiz')!.reduce((sum, one) => sum + one, 0)
  const checkpoint = projectPaths.checkpoint(project, seed.fingerprint)
  expect(existsSync(join(checkpoint, 'tokenizer.json'))).toBe(true)
  const { tasks, models: read } = await evaluated('--model', checkpoint, '--task', path, ...fields)
  expect(read[0]!.definition.begin.token).toBe('<|endoftext|>')
  expect(tasks[0]).toMatchObject({ tokens: quiz.tokens, bytes: quiz.bytes })
  expect(tasks[0]!.nats / nats).toBeCloseTo(1, 5)
  const sum = { nats, tokens: quiz.tokens, bytes: quiz.bytes }
  expect(tasks[0]!.bitsPerByte / bitsPerByte(sum)).toBeCloseTo(1, 5)

  // It is a domain as any: in the report, and on its halves.
  const report = await assayDone(['report', project])
  expect(report).toContain('quiz')
  expect(perplexity(sum)).toBeGreaterThan(1)
}, 300_000)

test('flags of a task go with a task', async () => {
  const project = join(await temporaryFolder(), 'project')
  await assayDone(['new', project])
  const refused = async (...args: string[]) =>
    (await assay(['import', project, TASK, ...args])).stderr
  expect(await refused('--task')).toContain('--task wants --as evaluation')
  expect(await refused('--as', 'evaluation', '--gold', 'x')).toContain('--gold wants --task')
  expect(await refused('--as', 'evaluation', '--task', '--text', 'x')).toContain('no --text')
})
