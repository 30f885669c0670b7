/** A study with a task among its domains: what it says of the task is what `assay eval` says. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImportOptions } from '#engine'
import { ProjectSession } from '#engine'
import { exportModel } from '#engine/modelExports'
import { Project } from '#engine/storage/project'
import { studyMatrix } from '#engine/studies/matrix'
import { parseStudy } from '#engine/studies/study'
import { studyTable } from '#engine/studies/tables'
import { evaluateModels } from '#engine/workers/evaluateJob'
import { measuredParts } from '#shared/preparedText'
import { tinyImports, tinyStudy } from '../support/builtEngine'
import { inThreadPool } from '../support/inThreadPool'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments } from '../support/tinyCorpus'

const fields = { context: 'context', choices: 'choices', gold: 'gold', delimiter: ' ' }

/** How a document of one kind goes on: as it does, or as one of another kind does. */
async function writeTask(path: string): Promise<string> {
  const [right, wrong, other] = ['law', 'code', 'mail'].map((kind) =>
    tinyDocuments(kind, 24, 30).map((text) => text.split(' '))
  )
  const items = right!.map((words, i) => {
    const choices = [words, wrong![i]!, other![i]!].map((one) => one.slice(20).join(' '))
    const turned = [...choices.slice(i % 3), ...choices.slice(0, i % 3)]
    const gold = turned.indexOf(choices[0]!)
    return { context: words.slice(0, 20).join(' '), choices: turned, gold }
  })
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, items.map((one) => JSON.stringify(one) + '\n').join(''))
  return path
}

test('accuracy and p(gold) of seed, branches, merges and sequential models, as assay eval has them', async () => {
  const texts = await temporaryFolder()
  const folder = join(await temporaryFolder(), 'project')
  const task: ImportOptions = {
    name: 'quiz',
    role: 'evaluation',
    domainKind: 'out',
    paths: [await writeTask(join(texts, 'quiz.jsonl'))],
    textField: 'text',
    inPlace: false,
    skipBadLines: false,
    keepFields: [],
    partition: { kind: 'one', name: 'quiz' },
    task: fields
  }
  const session = await ProjectSession.over(await Project.create(folder), inThreadPool())
  try {
    const recipe = { batchSize: 4, peakLearningRate: 3e-3, schedule: 'constant' as const }
    const draft = tinyStudy({
      unit: { sequences: 20, maximum: 1 },
      seed: { source: 'text', corpus: 'seed', tokenBudget: 16 * 40, recipe }
    })
    await session.saveStudy(parseStudy(draft, 'the test'))
    for (const one of [...(await tinyImports(texts)), task]) await session.importCorpus(one)
    const summary = await session.run(session.study())
    expect(summary.failed).toEqual([])
    const { measurements } = await session.status(session.study())
    expect(measurements.done).toBe(measurements.planned)

    const results = await session.results(session.study())
    const { rows } = studyTable(results, 'measurements')!
    const ofTask = rows.filter(({ domain }) => domain === 'quiz')
    expect(ofTask.length).toBe(results.models.length)
    for (const row of ofTask) expect(row).toMatchObject({ items: 24, documents: 24 })
    const elsewhere = rows.filter(({ domain }) => domain !== 'quiz')
    expect(elsewhere.every(({ accuracy }) => (accuracy ?? null) === null)).toBe(true)
    expect(measuredParts(results.prepared.domains).length).toBe(results.prepared.domains.length + 1)

    const merged = { mixture: 'code+law', merge: 'micro' } as const
    const written = await exportModel(session, session.study(), merged, { version: 'test' })
    const asked = {
      models: [{ name: 'merge', folder: written.folder }],
      texts: [],
      tasks: [{ name: 'quiz', paths: task.paths }],
      textField: 'text',
      taskFields: fields,
      window: session.study().model.contextLength
    }
    const { signal } = new AbortController()
    const hooks = { signal, onProgress: () => undefined }
    const [evaluated] = (await evaluateModels(asked, hooks))[0]!.tasks
    const merge = ofTask.find(({ model }) => model === 'merge-micro code+law')!
    expect(merge['accuracy']).toBeCloseTo(evaluated!.accuracy!.mean, 9)
    expect(merge['accuracy_per_byte']).toBeCloseTo(evaluated!.accuracyPerByte!.mean, 9)
    expect(merge['normalized_probability']).toBeCloseTo(evaluated!.normalizedProbability!.mean, 5)
    expect(merge['bits_per_byte']).toBeCloseTo(evaluated!.bitsPerByte, 5)

    const { tasks } = studyMatrix(results)
    expect(tasks!.domains.map(({ name }) => name)).toEqual(['quiz'])
    expect(tasks!.withoutChoices).toEqual([])
    const place = results.mixtures.findIndex(({ name }) => name === 'code+law')
    const shown = tasks!.metrics.find(({ metric }) => metric === 'accuracy')!
    const micro = shown.proxies.find(({ name }) => name === 'merge-micro')!
    expect(micro.values[place]).toEqual([merge['accuracy']])
    expect(shown.proxies.map(({ name }) => name)).toContain('ensemble')
    expect(shown.sequential[0]!.values[place]![0]).not.toBeNull()
    expect(shown.seed[0]).not.toBeNull()
  } finally {
    await session.close()
  }
})
