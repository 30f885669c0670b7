import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDomainDocuments, readDomainTokens } from '#engine/data/domainDocuments'
import { loadTokenizer } from '#engine/tokenizer/tokenizer'
import { PreparedSchema } from '#shared/records'
import type { Prepared } from '#shared/records'
import { temporaryFolder } from '../../../support/temporaryFolder'
import {
  importRecords,
  prepare,
  seedOfText,
  tinyStudy,
  tokenizerPath,
  writeRecords
} from './textProject'
import type { TextRecord } from './textProject'

/** All ids of a partition's stream. */
function streamOf(project: string, prepared: Prepared, partition: string): number[] {
  const unit = prepared.partitions.find((one) => one.name === partition)!.baseUnits[0]!
  const bytes = readFileSync(join(project, 'tokens', unit.tokens, 'tokens.bin'))
  return Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2))
}

/** The texts of a partition's stream, in its order. */
async function textsOf(project: string, prepared: Prepared, partition: string): Promise<string[]> {
  const tokenizer = loadTokenizer(tokenizerPath(project, prepared))
  const texts: string[] = []
  let ids: number[] = []
  for (const id of streamOf(project, prepared, partition)) {
    if (id !== prepared.tokenizer.endOfTextId) ids.push(id)
    else {
      texts.push(await tokenizer.decode(ids))
      ids = []
    }
  }
  expect(ids).toEqual([])
  return texts
}

async function heldOutTexts(
  project: string,
  prepared: Prepared,
  domain: string
): Promise<string[]> {
  const tokenizer = loadTokenizer(tokenizerPath(project, prepared))
  const { documents } = await readDomainDocuments(project, prepared, domain)
  return Promise.all(documents.map((ids) => tokenizer.decode(ids)))
}

const art = writeRecords('art', 60)
const music = writeRecords('music', 60)

describe('prepareText', () => {
  it('splits every document into training or held-out text, exactly once', async () => {
    const project = await temporaryFolder()
    const prepared = await prepare(project, [
      await importRecords(project, 'all', [...art, ...music])
    ])
    expect(PreparedSchema.parse(prepared)).toEqual(prepared)
    const texts = [
      ...(await textsOf(project, prepared, 'art')),
      ...(await heldOutTexts(project, prepared, 'art'))
    ]
    expect(texts.sort()).toEqual(art.map((record) => record.text).sort())
    const [ledger] = prepared.partitions
    expect(ledger!.documents + ledger!.heldOutDocuments).toBe(60)
    expect(ledger!.heldOutDocuments).toBeGreaterThan(2)
  })

  it('keeps a ledger of tokens: those in units and those left over are the stream', async () => {
    const project = await temporaryFolder()
    const prepared = await prepare(project, [
      await importRecords(project, 'all', [...art, ...music])
    ])
    for (const partition of prepared.partitions) {
      expect(streamOf(project, prepared, partition.name)).toHaveLength(partition.tokens)
      const inUnits = partition.baseUnits.length * 20 * 32 + 1
      expect(partition.leftOverTokens).toBe(partition.tokens - inUnits)
      expect(partition.baseUnits.every((unit) => unit.sequences === 20)).toBe(true)
    }
    const domain = prepared.domains.find((one) => one.name === 'music')!
    expect(domain.tokens).toBe(prepared.partitions[1]!.heldOutTokens)
  })

  it('deals the same text into random partitions of the same sizes, measured on the same domains', async () => {
    const project = await temporaryFolder()
    // Uneven, and of two imports: a shuffle inside each would leave the later ones behind.
    const corpora = [
      await importRecords(project, 'first', [...art, ...music.slice(0, 30)]),
      await importRecords(project, 'second', music.slice(30))
    ]
    const natural = await prepare(project, corpora)
    const study = tinyStudy({ shuffledPartitions: true })
    const random = await prepare(project, corpora, study, tokenizerPath(project, natural))
    expect(PreparedSchema.parse(random)).toEqual(random)
    expect(await prepare(project, corpora, study, tokenizerPath(project, natural))).toEqual(random)

    const sizes = (prepared: Prepared) =>
      prepared.partitions.map(({ baseUnits }) => baseUnits.map(({ sequences }) => sequences))
    expect(sizes(random)).toEqual(sizes(natural))
    expect(random.partitions.map(({ name }) => name)).toEqual(['random 1', 'random 2'])
    expect(random.partitions[1]!.baseUnits[0]!.name).toBe('random 2#1')
    const plain = ({
      partition: _own,
      overlapping: _marks,
      ...rest
    }: Prepared['domains'][number]) => rest
    expect(random.domains.map(plain)).toEqual(natural.domains.map(plain))
    expect(random.domains.every(({ partition }) => partition === undefined)).toBe(true)

    // One stream of all training text, every document once; units do not overlap.
    const sum = (of: (one: Prepared['partitions'][number]) => number, prepared: Prepared) =>
      prepared.partitions.reduce((all, one) => all + of(one), 0)
    for (const of of ['documents', 'bytes', 'tokens'] as const) {
      expect(sum((one) => one[of], random)).toBe(sum((one) => one[of], natural))
    }
    const texts = await textsOf(project, random, 'random 1')
    const all = await Promise.all(['art', 'music'].map((name) => textsOf(project, natural, name)))
    expect([...texts].sort()).toEqual(all.flat().sort())
    const places = random.partitions.flatMap(({ baseUnits }) =>
      baseUnits.flatMap(({ firstSequence, sequences }) =>
        Array.from({ length: sequences }, (_, index) => firstSequence + index)
      )
    )
    expect(new Set(places).size).toBe(places.length)

    // Both topics, and both imports, are in each half of the stream: about half, never none.
    const half = texts.slice(0, Math.floor(texts.length / 2))
    const isOfArt = (text: string) => text.startsWith('art')
    expect(half.filter(isOfArt).length / half.length).toBeGreaterThan(0.25)
    expect(half.filter(isOfArt).length / half.length).toBeLessThan(0.75)
    const later = new Set(music.slice(30).map(({ text }) => text))
    expect(half.filter((text) => later.has(text)).length).toBeGreaterThan(3)

    // Another random seed deals otherwise.
    const other = await prepare(
      project,
      corpora,
      tinyStudy({ shuffledPartitions: true, randomSeed: 2 }),
      tokenizerPath(project, natural)
    )
    expect(other.partitions[0]!.baseUnits[0]!.tokens).not.toBe(
      random.partitions[0]!.baseUnits[0]!.tokens
    )
  })

  it('names a unit by SHA-256 of its tokens as uint32 and of T', async () => {
    const project = await temporaryFolder()
    const prepared = await prepare(project, [await importRecords(project, 'all', art)])
    const unit = prepared.partitions[0]!.baseUnits[1]!
    const ids = streamOf(project, prepared, 'art').slice(20 * 32, 40 * 32 + 1)
    const expected = createHash('sha256')
      .update(new Uint8Array(Uint32Array.from(ids).buffer))
      .update('T=32')
    expect(unit).toMatchObject({
      name: 'art#2',
      firstSequence: 20,
      fingerprint: expected.digest('hex')
    })
  })

  it('gives the same records a second time, and writes no token file again', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', [...art, ...music])]
    const first = await prepare(project, corpora)
    const file = join(project, 'tokens', first.partitions[0]!.baseUnits[0]!.tokens, 'tokens.bin')
    const before = statSync(file)
    expect(await prepare(project, corpora, tinyStudy(), tokenizerPath(project, first))).toEqual(
      first
    )
    expect(statSync(file)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs })
  })

  it('changes nothing of the old when a partition is added', async () => {
    const project = await temporaryFolder()
    const all = await importRecords(project, 'all', [...art, ...music])
    const first = await prepare(project, [all])
    const added = await importRecords(project, 'code', writeRecords('code', 60))
    const second = await prepare(project, [all, added], tinyStudy(), tokenizerPath(project, first))
    expect(second.tokenizer).toEqual(first.tokenizer)
    expect(second.partitions.filter((one) => one.name !== 'code')).toEqual(first.partitions)
    expect(second.domains.filter((one) => one.name !== 'code')).toEqual(first.domains)
    expect(second.partitions).toHaveLength(3)
  })

  it('keeps the units of a partition when text is added to it', async () => {
    const project = await temporaryFolder()
    const old = await importRecords(project, 'all', art)
    const first = await prepare(project, [old])
    const more = await importRecords(project, 'more', writeRecords('art', 120).slice(60))
    const second = await prepare(project, [old, more], tinyStudy(), tokenizerPath(project, first))
    const prints = (prepared: Prepared): string[] =>
      prepared.partitions[0]!.baseUnits.map((unit) => unit.fingerprint)
    expect(prints(second).slice(0, prints(first).length)).toEqual(prints(first))
    expect(prints(second).length).toBeGreaterThan(prints(first).length)
  })

  it('does not let the choice of partitions change the text of the others', async () => {
    const project = await temporaryFolder()
    const shared = [...art, ...music, ...art.map((record) => ({ ...record, topic: 'copy' }))]
    const corpora = [await importRecords(project, 'all', shared)]
    const all = await prepare(
      project,
      corpora,
      tinyStudy({ unit: { sequences: 20, tooSmall: 'drop' } })
    )
    const some = await prepare(
      project,
      corpora,
      tinyStudy({ partitions: ['music'], unit: { sequences: 20, tooSmall: 'drop' } }),
      tokenizerPath(project, all)
    )
    expect(some.partitions).toEqual(all.partitions.filter((one) => one.name === 'music'))
  })

  it('shuffles documents by the random seed, and orders them by a field when told to', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', art)]
    const years = new Map(art.map((record) => [record.text, record.year!]))
    const shuffled = await prepare(project, corpora)
    const tokenizer = tokenizerPath(project, shuffled)
    const other = await prepare(project, corpora, tinyStudy({ randomSeed: 2 }), tokenizer)
    const ordered = await prepare(
      project,
      corpora,
      tinyStudy({ unit: { sequences: 20, orderBy: 'year' } }),
      tokenizer
    )
    const [a, b, c] = await Promise.all(
      [shuffled, other, ordered].map((prepared) => textsOf(project, prepared, 'art'))
    )
    expect(a).not.toEqual(b)
    expect([...a!].sort()).toEqual([...b!].sort())
    expect(c!.map((text) => years.get(text)!)).toEqual(c!.map((text) => years.get(text)!).sort())
    expect(a!.map((text) => years.get(text)!)).not.toEqual(c!.map((text) => years.get(text)!))
  })

  it('asks for a field that was not kept at import', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', art, { keepFields: [] })]
    for (const changes of [
      { unit: { sequences: 20, orderBy: 'year' } },
      { holdOut: { share: 0.2, by: 'thread' } }
    ]) {
      await expect(prepare(project, corpora, tinyStudy(changes))).rejects.toMatchObject({
        code: 'corpus/missing-field'
      })
    }
  })

  it('refuses a partition smaller than a unit, and drops it when told to', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', [...art, ...writeRecords('tiny', 6, 10)])]
    await expect(prepare(project, corpora)).rejects.toMatchObject({
      code: 'partition/too-small',
      details: { partition: 'tiny', needed: 641 }
    })
    const dropped = await prepare(
      project,
      corpora,
      tinyStudy({ unit: { sequences: 20, tooSmall: 'drop' } })
    )
    expect(dropped.partitions.map((one) => [one.name, one.baseUnits.length > 0])).toEqual([
      ['art', true],
      ['tiny', false]
    ])
    expect(dropped.domains.map((domain) => domain.name)).toEqual(['art'])
  })

  it('names a partition that is not there', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', art)]
    await expect(
      prepare(project, corpora, tinyStudy({ partitions: ['poetry'] }))
    ).rejects.toMatchObject({
      code: 'study/missing-partition',
      details: { missing: ['poetry'], found: ['art'] }
    })
  })
})

describe('held-out text', () => {
  it('stays held out when data are added', async () => {
    const project = await temporaryFolder()
    const few = await prepare(project, [await importRecords(project, 'few', art.slice(0, 40))])
    const before = await heldOutTexts(project, few, 'art')
    const other = await temporaryFolder()
    const many = await prepare(other, [await importRecords(other, 'many', art)])
    expect(await heldOutTexts(other, many, 'art')).toEqual(expect.arrayContaining(before))
  })

  it('keeps threads on one side', async () => {
    const project = await temporaryFolder()
    const study = tinyStudy({ holdOut: { share: 0.3, by: 'thread' } })
    const prepared = await prepare(project, [await importRecords(project, 'all', art)], study)
    const threads = new Map(art.map((record) => [record.text, record.thread!]))
    const of = (texts: string[]): Set<string> => new Set(texts.map((text) => threads.get(text)!))
    const training = of(await textsOf(project, prepared, 'art'))
    const heldOut = of(await heldOutTexts(project, prepared, 'art'))
    expect([...heldOut].filter((thread) => training.has(thread))).toEqual([])
    expect(heldOut.size + training.size).toBe(12)
  })

  it('has documents in both halves, as many as there are', async () => {
    const project = await temporaryFolder()
    const prepared = await prepare(project, [
      await importRecords(project, 'all', writeRecords('art', 200))
    ])
    const { half, tokens, bytes, documents } = await readDomainDocuments(project, prepared, 'art')
    expect(new Set(half)).toEqual(new Set(['choose', 'confirm']))
    expect([half.length, bytes.length, documents.length]).toEqual([
      tokens.length,
      tokens.length,
      tokens.length
    ])
    expect(documents.map((ids) => ids.length)).toEqual(tokens)
    expect(bytes.reduce((sum, count) => sum + count, 0)).toBe(prepared.domains[0]!.bytes)
  })

  it('takes whole documents up to the token cap', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', writeRecords('art', 200))]
    const study = tinyStudy({ holdOut: { share: 0.3, tokenCap: 2000 } })
    const [domain] = (await prepare(project, corpora, study)).domains
    expect(domain!.tokens).toBeLessThanOrEqual(2000)
    expect(domain!.tokens).toBeGreaterThan(1500)
  })

  it('measures the beginning of a document that is longer than the cap, and says so', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', writeRecords('art', 20, 2000))]
    const study = tinyStudy({ holdOut: { share: 0.3, tokenCap: 500 } })
    const prepared = await prepare(project, corpora, study)
    const [domain] = prepared.domains
    expect(domain).toMatchObject({ documents: 1 })
    expect(domain!.tokens).toBeGreaterThan(490)
    expect(domain!.tokens).toBeLessThanOrEqual(500)
    const record = JSON.parse(
      readFileSync(join(project, 'tokens', domain!.fingerprint, 'documents.json'), 'utf8')
    ) as { isCut: boolean[] }
    expect(record.isCut).toEqual([true])
    const [text] = await heldOutTexts(project, prepared, 'art')
    expect(Buffer.byteLength(text!)).toBe(domain!.bytes)
  })

  it('refuses a domain that holds nothing, with what to do', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', art)]
    await expect(
      prepare(project, corpora, tinyStudy({ holdOut: { share: 1e-9 } }))
    ).rejects.toMatchObject({
      code: 'domain/empty',
      message: expect.stringContaining('holdOut.share')
    })
  })

  it('makes no domain of partitions when the share is zero', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', art)]
    expect((await prepare(project, corpora, tinyStudy({ holdOut: { share: 0 } }))).domains).toEqual(
      []
    )
  })
})

describe('duplicates', () => {
  const equal = (records: TextRecord[]): TextRecord[] =>
    records.map((record) => ({ ...record, text: `  ${record.text.replaceAll(' ', '\n')} ` }))

  it('removes training text that equals held-out text imported before', async () => {
    const project = await temporaryFolder()
    const heldOut = await importRecords(project, 'fiction', music, {
      role: 'evaluation',
      partition: { kind: 'one', name: 'fiction' }
    })
    const training = await importRecords(
      project,
      'all',
      [...art, ...equal(music.slice(0, 10))].map((record) => ({ ...record, topic: 'art' }))
    )
    const prepared = await prepare(project, [heldOut, training])
    expect(prepared.partitions[0]).toMatchObject({
      duplicatesRemoved: expect.toSatisfy((count: number) => count >= 6 && count <= 10)
    })
    const kept = (await textsOf(project, prepared, 'art')).filter((text) => text.includes('music'))
    expect(kept).toEqual([])
    expect(prepared.domains.find((one) => one.name === 'fiction')).toMatchObject({
      documents: 60,
      kind: 'out'
    })
  })

  it('removes a newcomer from an evaluation corpus when it equals training text', async () => {
    const project = await temporaryFolder()
    const training = await importRecords(project, 'all', art)
    const heldOut = await importRecords(project, 'fiction', [...music, ...equal(art)], {
      role: 'evaluation',
      partition: { kind: 'one', name: 'fiction' }
    })
    const prepared = await prepare(
      project,
      [training, heldOut],
      tinyStudy({ holdOut: { share: 0 } })
    )
    expect(prepared.domains).toMatchObject([{ name: 'fiction', documents: 60 }])
    expect(prepared.partitions[0]).toMatchObject({ documents: 60, duplicatesRemoved: 0 })
  })

  it('removes or keeps duplicates inside training text, as the study says', async () => {
    const project = await temporaryFolder()
    const corpora = [await importRecords(project, 'all', [...art, ...equal(art)])]
    const study = (duplicates: 'remove' | 'keep') =>
      tinyStudy({ duplicates, holdOut: { share: 0 } })
    const removed = await prepare(project, corpora, study('remove'))
    expect(removed.partitions[0]).toMatchObject({ documents: 60, duplicatesRemoved: 60 })
    const kept = await prepare(project, corpora, study('keep'), tokenizerPath(project, removed))
    expect(kept.partitions[0]).toMatchObject({
      documents: 120,
      duplicatesRemoved: 0,
      duplicateBytes: 0
    })
  })

  it('keeps seed text and units disjoint even where duplicates are kept', async () => {
    const project = await temporaryFolder()
    const seed = await importRecords(project, 'seedtext', [...music, ...art.slice(0, 20)], {
      role: 'seed',
      partition: { kind: 'one', name: 'seedtext' }
    })
    const training = await importRecords(project, 'all', art)
    const prepared = await prepare(
      project,
      [seed, training],
      tinyStudy({ seed: seedOfText, duplicates: 'keep', holdOut: { share: 0.1 } })
    )
    const [partition] = prepared.partitions
    expect(partition!.duplicatesRemoved).toBeGreaterThanOrEqual(15)
    const texts = await textsOf(project, prepared, 'art')
    const trained = new Set(art.slice(0, 20).map((record) => record.text))
    const inSeed = texts.filter((text) => trained.has(text))
    expect(inSeed).toEqual([])
  })
})

describe('seed text', () => {
  it('is one unit that covers the token budget, with a domain of its own', async () => {
    const project = await temporaryFolder()
    const seed = await importRecords(project, 'seedtext', music, {
      role: 'seed',
      partition: { kind: 'one', name: 'x' }
    })
    const prepared = await prepare(
      project,
      [seed, await importRecords(project, 'all', art)],
      tinyStudy({ seed: seedOfText })
    )
    expect(prepared.seed).toMatchObject({
      name: 'seedtext',
      baseUnits: [{ name: 'seedtext#1', firstSequence: 0, sequences: 100 }]
    })
    expect(prepared.domains.map(({ name, kind }) => [name, kind])).toEqual([
      ['art', 'in'],
      ['seedtext', 'seed']
    ])
  })
})

describe('overlap', () => {
  it('counts the 13-grams that a domain shares with a partition, and marks documents over half', async () => {
    const project = await temporaryFolder()
    const [a, b] = [art[0]!.text.split(' '), art[1]!.text.split(' ')]
    const fresh = writeRecords('fresh', 3).map((record) => record.text.split(' '))
    const heldOut = await importRecords(
      project,
      'near',
      [
        { text: [...a.slice(0, 80), ...fresh[0]!.slice(0, 20)].join(' ').toUpperCase() },
        { text: [...b.slice(0, 30), ...fresh[1]!.slice(0, 70)].join('; ') },
        { text: fresh[2]!.join(' ') },
        { text: 'too short to say' }
      ],
      { role: 'evaluation', partition: { kind: 'one', name: 'near' }, keepFields: [] }
    )
    const corpora = [await importRecords(project, 'all', [...art, ...music]), heldOut]
    const prepared = await prepare(project, corpora, tinyStudy({ holdOut: { share: 0 } }))
    const rows = prepared.overlaps.map(
      ({ partition, grams, sharedGrams, documents, overlappingDocuments }) => [
        partition,
        grams,
        sharedGrams,
        documents,
        overlappingDocuments
      ]
    )
    expect(rows).toEqual([
      ['art', 3 * 88, 68 + 18, 4, 1],
      ['music', 3 * 88, 0, 4, 0]
    ])
    expect(prepared.domains[0]).toMatchObject({ overlapping: 1 })
    const domain = await readDomainDocuments(project, prepared, 'near')
    const texts = await heldOutTexts(project, prepared, 'near')
    expect(texts.map((text) => text.startsWith('ART'))).toEqual(domain.isOverlapping)
  })
})

describe('evaluation corpora', () => {
  it('are one domain each, or one per partition when they have several', async () => {
    const project = await temporaryFolder()
    const one = await importRecords(project, 'fiction', music, {
      role: 'evaluation',
      domainKind: 'seed',
      partition: { kind: 'one', name: 'x' }
    })
    const two = await importRecords(
      project,
      'many',
      [...writeRecords('blog', 5), ...writeRecords('news', 5)],
      { role: 'evaluation' }
    )
    const training = await importRecords(project, 'all', art)
    const study = tinyStudy({ holdOut: { share: 0 } })
    const prepared = await prepare(project, [training, one, two], study)
    expect(prepared.domains.map(({ name, kind }) => [name, kind])).toEqual([
      ['fiction', 'seed'],
      ['many/blog', 'out'],
      ['many/news', 'out']
    ])
    const some = await prepare(
      project,
      [training, one, two],
      { ...study, domains: ['fiction'] },
      tokenizerPath(project, prepared)
    )
    expect(some.domains).toEqual(prepared.domains.slice(0, 1))
  })

  it('give ids that start with the text, without an end-of-text', async () => {
    const project = await temporaryFolder()
    const corpora = [
      await importRecords(project, 'all', art),
      await importRecords(project, 'fiction', music.slice(0, 2), {
        role: 'evaluation',
        partition: { kind: 'one', name: 'x' }
      })
    ]
    const prepared = await prepare(project, corpora, tinyStudy({ holdOut: { share: 0 } }))
    const { documents } = await readDomainTokens(project, prepared.domains[0]!.fingerprint)
    expect(documents.flatMap((ids) => Array.from(ids))).not.toContain(
      prepared.tokenizer.endOfTextId
    )
    expect((await heldOutTexts(project, prepared, 'fiction')).sort()).toEqual(
      music
        .slice(0, 2)
        .map((record) => record.text)
        .sort()
    )
  })

  it('may not be called as a partition is', async () => {
    const project = await temporaryFolder()
    const corpora = [
      await importRecords(project, 'all', art),
      await importRecords(project, 'art', music, {
        role: 'evaluation',
        partition: { kind: 'one', name: 'x' }
      })
    ]
    await expect(prepare(project, corpora)).rejects.toMatchObject({ code: 'study/invalid' })
  })
})
