import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Engine, ProjectSession } from '#engine'
import { ProjectHost } from '#engine/desk/projectHost'
import type { EngineApi } from '#shared/contract'
import { connect, serve } from '#shared/port'
import type { DocumentLine } from '#shared/storedText'
import { builtEngine, tinyStudy, trainingImport } from '../support/builtEngine'
import { pipePair } from '../support/pipePair'
import { temporaryFolder } from '../support/temporaryFolder'
import { tinyDocuments, writeCorpus } from '../support/tinyCorpus'

let engine: Engine
beforeAll(() => {
  engine = builtEngine()
})
afterAll(() => engine.close())

const LAW = { role: 'training' as const, name: 'law' }
const of = { study: 'small' }
const all = { ...of, text: LAW, from: 0, count: 500, order: 'import' as const, filter: {} }

/** Law with years, planted words and a duplicate; code; and mail, which the study leaves out. */
async function catalogue(): Promise<{ api: EngineApi; session: ProjectSession }> {
  const folder = await temporaryFolder()
  const study = tinyStudy({ partitions: ['law', 'code'], seed: { source: 'none' } })
  const session = await engine.createProject(join(folder, 'project'), study)
  const host = await ProjectHost.over(session)
  onTestFinished(() => host.close())
  const laws = tinyDocuments('law', 120)
  laws[7] = `\n\n  The Müller 😀 clause.\n${laws[7]} müller again <|endoftext|>`
  const lines = [...laws, laws[3]!].map((text, index) =>
    JSON.stringify({ text, part: 'law', metadata: { year: 2000 + (index % 20) } })
  )
  const path = join(folder, 'laws.jsonl')
  await writeFile(path, lines.join('\n') + '\n')
  await session.importCorpus({ ...trainingImport('laws', path), keepFields: ['metadata.year'] })
  const others = await writeCorpus(join(folder, 'others.jsonl'), { code: 60, mail: 20 })
  await session.importCorpus(trainingImport('others', others))
  const { near, far } = pipePair()
  serve(host as unknown as EngineApi, near)
  return { api: connect(far), session }
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0)

test('before anything is tokenised, documents are listed with what will become of them', async () => {
  const { api } = await catalogue()
  const { isTokenized, texts } = await api.readTexts(of)
  expect(isTokenized).toBe(false)
  expect(texts.map(({ name, isUsed, imported }) => [name, isUsed, imported.documents])).toEqual([
    ['code', true, 60],
    ['law', true, 121],
    ['mail', false, 20]
  ])
  const law = texts[1]!
  expect(law.duplicates.documents).toBe(1)
  for (const { imported, training, heldOut, duplicates, unused } of texts) {
    const parts = [training, heldOut, duplicates, unused]
    expect(sum(parts.map(({ documents }) => documents))).toBe(imported.documents)
    expect(sum(parts.map(({ bytes }) => bytes))).toBe(imported.bytes)
  }
  const { total, lines } = await api.listDocuments(all)
  expect([total, lines.length]).toEqual([121, 121])
  expect(lines[120]).toMatchObject({ document: 120, fate: 'duplicate', unit: null, tokens: null })
  expect(lines[7]).toMatchObject({
    corpus: 'laws',
    partition: 'law',
    document: 7,
    preview: 'The Müller 😀 clause.',
    fields: { 'metadata.year': '2007' },
    matches: 0
  })
  expect(lines.filter(({ fate }) => fate === 'heldOut').length).toBe(law.heldOut.documents)
  const document = await api.readDocument({ ...of, ...name(lines[7]!), withTokens: true })
  expect(document).toMatchObject({ tokens: null, isCut: false, bytes: lines[7]!.bytes })
  expect(await api.previewUnits({ ...of, sequences: 10 })).toMatchObject({
    mostForAny: 0,
    finishedRuns: 0,
    partitions: [{ tokens: null, problem: /not tokenised/ }, { partition: 'law' }].map(
      ({ problem, ...rest }) =>
        problem ? { ...rest, problem: expect.stringMatching(problem) } : rest
    )
  })
})

test('lists are filtered, ordered and paged; words are found wherever they stand', async () => {
  const { api } = await catalogue()
  const longest = await api.listDocuments({ ...all, order: 'longest', count: 5, from: 2 })
  const { lines } = await api.listDocuments(all)
  const sizes = lines.map(({ bytes }) => bytes).sort((a, b) => b - a)
  expect(longest.lines.map(({ bytes }) => bytes)).toEqual(sizes.slice(2, 7))
  const years = { from: 2003, to: 2004 }
  const some = await api.listDocuments({
    ...all,
    filter: { years, bytes: { from: sizes[60]!, to: sizes[20]! } }
  })
  const wanted = lines.filter(
    ({ bytes, fields }) =>
      bytes >= sizes[60]! &&
      bytes <= sizes[20]! &&
      ['2003', '2004'].includes(fields['metadata.year']!)
  )
  expect(some.lines).toEqual(wanted)
  expect(wanted.length).toBeGreaterThan(0)

  const found = await api.searchDocuments({
    ...of,
    text: LAW,
    words: 'MÜLLER',
    from: 0,
    filter: {}
  })
  expect(found).toMatchObject({ next: null, scannedBytes: sum(sizes), totalBytes: sum(sizes) })
  expect(found.lines).toMatchObject(
    [{ document: 7, matches: 2, preview: /Müller/ }].map(({ preview, ...rest }) => ({
      ...rest,
      preview: expect.stringMatching(preview)
    }))
  )
  const none = await api.searchDocuments({ ...of, text: LAW, words: 'm.ller', from: 0, filter: {} })
  expect(none.lines).toEqual([])
  await expect(
    api.listDocuments({ ...all, text: { role: 'seed', name: 'law' } })
  ).rejects.toMatchObject({ code: 'study/missing-partition' })
  await expect(
    api.readDocument({ ...of, ...name(lines[0]!), document: 900, withTokens: false })
  ).rejects.toMatchObject({ code: 'storage/missing' })
})

test('once tokenised, tokens of documents, units and the ledger add up', async () => {
  const { api, session } = await catalogue()
  const prepared = await session.prepare(session.study())
  const { lengths, isTokenized, texts } = await api.readLengths(of)
  expect(isTokenized).toBe(true)
  for (const partition of prepared.partitions) {
    const text = texts.find(({ name: one }) => one === partition.name)!
    expect(text.training).toMatchObject({
      documents: partition.documents,
      bytes: partition.bytes,
      tokens: partition.tokens
    })
    expect(text.heldOut.tokens).toBe(partition.heldOutTokens)
    const { lines } = await api.listDocuments({
      ...all,
      text: { role: 'training', name: text.name }
    })
    const trained = lines.filter(({ fate }) => fate === 'training' || fate === 'leftOver')
    // Each training document is followed by an end-of-text.
    expect(sum(trained.map(({ tokens }) => tokens! + 1))).toBe(partition.tokens)
    const bins = lengths.find(({ name: one }) => one === text.name)!
    expect(sum(bins.tokens!.map(({ documents }) => documents))).toBe(lines.length)
    expect(sum(bins.bytes.map(({ documents }) => documents))).toBe(lines.length)
    for (const { from, to, documents } of bins.bytes) {
      const inBin = lines.filter(({ bytes }) => bytes >= from && bytes < to)
      expect(inBin.length).toBe(documents)
    }
    expect(new Set(trained.flatMap(({ unit }) => unit ?? []))).toEqual(
      new Set(partition.baseUnits.map((unit) => unit.name))
    )
  }
  const law = lengths.find(({ name: one }) => one === 'law')!
  expect([law.yearField, law.years.length, sum(law.years.map((one) => one.documents))]).toEqual([
    'metadata.year',
    20,
    121
  ])
  const counts = (await readdir(join(session.folder, 'cache'))).filter((file) =>
    file.startsWith('document-tokens-')
  )
  expect(counts.length).toBe(2)
  expect(await api.readLengths(of)).toEqual({ lengths, isTokenized, texts })
  expect(await api.readTexts(of)).toEqual({ isTokenized, texts })

  const { lines } = await api.listDocuments(all)
  for (const line of lines.slice(0, 10)) {
    const { text, tokens } = await api.readDocument({ ...of, ...name(line), withTokens: true })
    expect(tokens!.ends.at(-1)).toBe(text.length)
    expect(tokens!.ids.flat().length).toBe(line.tokens)
    expect(tokens!.ends).toEqual([...new Set(tokens!.ends)].sort((a, b) => a - b))
  }
})

test('a unit size is tried before it is saved, by the rule that cuts', async () => {
  const { api, session } = await catalogue()
  const prepared = await session.prepare(session.study())
  const same = await api.previewUnits({ ...of, sequences: 200 })
  expect(same.partitions).toEqual(
    prepared.partitions.map(({ name: partition, tokens, baseUnits, leftOverTokens }) => ({
      partition,
      tokens,
      units: baseUnits.map(({ sequences }) => sequences),
      unitTokens: tokens - leftOverTokens,
      leftOverTokens,
      problem: null
    }))
  )
  const tooLarge = await api.previewUnits({ ...of, sequences: same.mostForAll + 1 })
  expect(tooLarge.partitions.filter(({ problem }) => problem !== null).length).toBe(1)
  const [study] = (await api.readProject({})).studies
  const saved = { ...study!, unit: { ...study!.unit, sequences: 90 } }
  const tried = await api.previewUnits({ ...of, sequences: 90 })
  await api.saveStudy({ study: saved })
  // The tokens are known still, though the study is to be prepared anew.
  expect(await api.readCatalogue(of)).toBe(null)
  expect(await api.previewUnits({ ...of, sequences: 90 })).toEqual(tried)
  const anew = await session.prepare(session.study())
  expect(anew.partitions.map(({ baseUnits }) => baseUnits.map((unit) => unit.sequences))).toEqual(
    tried.partitions.map(({ units }) => units)
  )
  await session.run(session.study())
  const after = await api.previewUnits({ ...of, sequences: 91 })
  expect(after.finishedRuns).toBeGreaterThan(2)
  expect(after.unusedRuns).toBe(after.finishedRuns)
  expect((await api.previewUnits({ ...of, sequences: 90 })).unusedRuns).toBe(0)
})

function name({ corpus, partition, document }: DocumentLine) {
  return { corpus, partition, document }
}
