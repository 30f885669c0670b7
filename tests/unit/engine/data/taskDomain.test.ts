import { join } from 'node:path'
import { expect, it } from 'vitest'
import { chooseBackend } from '#engine/backends/choose'
import { openCheckpoint, readParameters } from '#engine/checkpoints/huggingFace'
import { checkImport } from '#engine/data/checkImport'
import {
  readDomainDocuments,
  readDomainTokens,
  readOtherAnswers,
  scoredTokens
} from '#engine/data/domainDocuments'
import type { DomainTokens } from '#engine/data/domainDocuments'
import { importCorpus } from '#engine/data/importCorpus'
import { createEvaluator } from '#engine/evaluation/measureDocuments'
import { loadTokenizer } from '#engine/tokenizer/tokenizer'
import { taskScore } from '#engine/studies/taskScores'
import { measuredParts, tokensRead } from '#shared/preparedText'
import type { Corpus } from '#shared/records'
import expected from '../../../golden/evaluation/expected.json'
import { temporaryFolder } from '../../../support/temporaryFolder'
import { jsonl, put } from './sourceFiles'
import { importRecords, prepare, tinyStudy, writeRecords } from './textProject'

const golden = join(import.meta.dirname, '../../../golden/evaluation')
const tokenizerFile = join(golden, 'tiny/tokenizer.json')
const task = { context: 'context', choices: 'choices', gold: 'gold', delimiter: ' ' }
const request = {
  name: 'quiz',
  role: 'evaluation' as const,
  paths: [join(golden, 'task.jsonl')],
  textField: 'text',
  partition: { kind: 'one' as const, name: 'quiz' },
  task
}
const study = tinyStudy({
  holdOut: { share: 0 },
  tokenizer: { kind: 'file', path: tokenizerFile, endOfText: '<s>' }
})

function importTask(project: string, changes: object = {}): Promise<Corpus> {
  return importCorpus({ ...request, ...changes }, join(project, 'corpora'))
}

it('measures the right answers of a task as transformers does', async () => {
  const project = await temporaryFolder()
  const corpus = await importTask(project)
  expect(corpus).toMatchObject({ isTask: true, documents: 5 })
  const corpora = [await importRecords(project, 'all', writeRecords('art', 60)), corpus]
  const prepared = await prepare(project, corpora, study)
  const domain = await readDomainDocuments(project, prepared, 'quiz')
  const { nats, tokens, bytes } = expected.task
  const sum = (counts: number[]) => counts.reduce((total, one) => total + one, 0)
  expect([sum(domain.tokens), sum(domain.bytes)]).toEqual([tokens, bytes])
  expect(scoredTokens(domain)).toEqual(domain.tokens)
  expect(prepared.domains[0]).toMatchObject({ documents: 5, tokens, bytes })

  const { config, parameters } = await openCheckpoint(join(golden, 'tiny'))
  const { kernels } = await (await chooseBackend()).activate()
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(await readParameters(parameters))
  const options = { window: 128, batchSize: 2, endOfTextId: 0, contexts: domain.contexts! }
  const found = await evaluator.measure(domain.documents, options)
  expect(Math.abs(sum([...found]) / nats - 1)).toBeLessThan(1e-6)
  // Token by token it is the same: what ensembles are made of.
  const each = await evaluator.measureTokens(domain.documents, options)
  expect(each.length).toBe(tokens)
  expect(Math.abs(sum([...each]) / nats - 1)).toBeLessThan(1e-6)
  evaluator.dispose()
})

it('scores every answer as transformers does, the right ones apart from the others', async () => {
  const project = await temporaryFolder()
  const corpora = [
    await importRecords(project, 'all', writeRecords('art', 60)),
    await importTask(project)
  ]
  const prepared = await prepare(project, corpora, study)
  const [domain] = prepared.domains
  const perDocument = await readDomainDocuments(project, prepared, 'quiz')
  const otherAnswers = (await readOtherAnswers(project, domain!))!
  const others = await readDomainTokens(project, domain!.choices!.fingerprint)
  expect(domain!.choices).toMatchObject({
    items: 5,
    answers: otherAnswers.bytes.length,
    tokens: scoredTokens(others).reduce((total, one) => total + one, 0)
  })
  expect(tokensRead(prepared.domains.slice(0, 1))).toBe(
    [...perDocument.documents, ...others.documents].reduce((total, ids) => total + ids.length, 0)
  )

  const { config, parameters } = await openCheckpoint(join(golden, 'tiny'))
  const { kernels } = await (await chooseBackend()).activate()
  const evaluator = createEvaluator(config, kernels)
  evaluator.load(await readParameters(parameters))
  const natsOf = async ({ documents, contexts }: DomainTokens) => [
    ...(await evaluator.measure(documents, {
      window: 128,
      batchSize: 2,
      endOfTextId: 0,
      contexts: contexts!
    }))
  ]
  const model = {
    nats: new Map([['quiz', await natsOf(perDocument)]]),
    otherNats: new Map([['quiz', await natsOf(others)]])
  }
  evaluator.dispose()
  const measured = { ...domain!, perDocument, otherAnswers }
  const found = taskScore(model, measured, [0, 1, 2, 3, 4])!
  const { accuracy, accuracyPerByte, normalizedProbability } = expected.task
  expect(found).toMatchObject({ items: 5, accuracy, accuracyPerByte })
  expect(found.normalizedProbability).toBeCloseTo(normalizedProbability, 6)
  // Of some documents alone, and of what is not measured, it says no more than is known.
  expect(taskScore(model, measured, [0])).toMatchObject({ items: 1 })
  expect(taskScore({ nats: model.nats }, measured, [0])).toBeNull()
})

it('measures the right answers alone of a task without choices, or imported before they were kept', async () => {
  const project = await temporaryFolder()
  const path = put(project, 'sources/items.jsonl', jsonl([{ context: 'two and', gold: 'two' }]))
  const corpora = [
    await importRecords(project, 'all', writeRecords('art', 60)),
    await importTask(project, { paths: [path] })
  ]
  const { domains } = await prepare(project, corpora, study)
  expect(domains[0]).toMatchObject({ documents: 1 })
  expect(domains[0]).not.toHaveProperty('choices')
  expect(measuredParts(domains).length).toBe(domains.length)
})

it('keeps context and answer as one document, so that overlap and duplicates see both', async () => {
  const project = await temporaryFolder()
  const words = writeRecords('art', 60)
  // One item stands in training text word for word, one twice.
  const items = [
    { context: words[0]!.text.slice(0, 300), gold: words[0]!.text.slice(300) },
    { context: 'two and two are', gold: 'four' },
    { context: 'two and  two are', gold: 'four' },
    { context: 'three and three are', gold: 'six' }
  ]
  const path = put(project, 'sources/items.jsonl', jsonl(items))
  const none = { ...task, delimiter: '' }
  const corpora = [
    await importRecords(project, 'all', words),
    await importTask(project, { paths: [path], task: none })
  ]
  const prepared = await prepare(project, corpora, study)
  expect(prepared.domains[0]).toMatchObject({ documents: 2, duplicatesRemoved: 2 })
})

it('fills the token cap with whole items, their contexts counted', async () => {
  const project = await temporaryFolder()
  const corpora = [
    await importRecords(project, 'all', writeRecords('art', 60)),
    await importTask(project)
  ]
  const capped = { ...study, holdOut: { ...study.holdOut, tokenCap: 40 } }
  const prepared = await prepare(project, corpora, capped)
  const { documents, contexts } = await readDomainDocuments(project, prepared, 'quiz')
  expect(documents.reduce((sum, ids) => sum + ids.length, 0)).toBeLessThanOrEqual(40)
  expect(documents.length).toBeGreaterThan(0)
  const tokenizer = loadTokenizer(tokenizerFile)
  for (const [index, ids] of documents.entries()) {
    const answer = await tokenizer.decode(ids.slice(contexts![index]))
    expect(answer).not.toBe('')
  }
})

it('counts bad items where it is told to, and stops at the first else', async () => {
  const project = await temporaryFolder()
  const items = [
    { context: 'a', gold: 3, choices: ['b', 'c'] },
    { context: 'a', gold: 'b' }
  ]
  const paths = [put(project, 'sources/items.jsonl', jsonl(items))]
  await expect(importTask(project, { paths })).rejects.toMatchObject({
    code: 'corpus/invalid-line',
    message: expect.stringContaining('one of the 2 choices') as string
  })
  const corpus = await importTask(project, { paths, skipBadLines: true })
  expect(corpus).toMatchObject({ documents: 1, badLines: 1 })
})

it.each([{ role: 'training' as const }, { inPlace: true }])('is not taken in as %o', (change) => {
  expect(() => checkImport({ ...request, ...change })).toThrow('expected an evaluation corpus')
})
