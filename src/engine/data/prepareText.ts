/** From stored corpora to what a study trains and measures on. */
import { join } from 'node:path'
import type {
  Corpus,
  HeldOutDomain,
  Prepared,
  PreparedPartition,
  Progress,
  Study
} from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { writeCache } from '#engine/storage/sealedFiles'
import { HELD_OUT, TRAINING, allotDocuments } from './allotment'
import { cutUnits, planUnits, sequencesIn } from './baseUnits'
import { overlapMarksPath } from './domainDocuments'
import { orderDocuments } from './documentOrder'
import { documentEnds } from './documentEnds'
import { domainRequests } from './domainRequests'
import { importedPartitions } from './importedPartitions'
import { makeDomain } from './heldOutDomain'
import type { DomainRequest } from './heldOutDomain'
import { countHeldOutTokens } from './heldOutTokens'
import { findOverlaps } from './overlap'
import type { DomainTexts, TrainingText } from './overlap'
import { ReadMeter, progressOf } from './readProgress'
import { dealDocuments, dealStretches, shuffleDocuments, shuffledName } from './shuffledPartitions'
import { countFate, seedGroupOf, trainingGroups } from './studyText'
import type { Group } from './studyText'
import { chooseTokenizer } from './tokenizerChoice'
import { writeTokenStream } from './tokenStream'
import type { StreamTokenizer, TokenStream } from './tokenStream'

export interface PrepareRequest {
  projectFolder: string
  study: Study
  /** In the order of their import; all of the project's. */
  corpora: readonly Corpus[]
  /** The frozen `tokenizer.json`, where the study's choice was answered before. */
  tokenizerFile: string | null
}

export interface PrepareHooks {
  onProgress?: (progress: Progress) => void
  signal?: AbortSignal
}

/**
 * Removes duplicates, holds out, tokenises, cuts base units and reports overlap.
 *
 * Everything is written under the fingerprint of its content, so what is there is not made again,
 * and text added later changes nothing that was there before.
 *
 * @throws WorkbenchError `partition/too-small`, `domain/empty`, `tokenizer/*`,
 *   `study/missing-partition`, `study/missing-domain`, `corpus/missing-field`, `storage/*`
 */
export async function prepareText(
  request: PrepareRequest,
  hooks: PrepareHooks = {}
): Promise<Prepared> {
  const { projectFolder, study, corpora } = request
  const corporaFolder = join(projectFolder, 'corpora')
  const allotted = await allotDocuments(corporaFolder, corpora, study, hooks.signal)
  const groups = study.models ? [] : trainingGroups(study, allotted)
  const seedGroup = seedGroupOf(study, allotted)
  const all = [...groups, ...(seedGroup ? [seedGroup] : [])]
  // A clash of names is found before anything is tokenised.
  const foreseen = domainRequests(study, allotted, groups, seedGroup)
  if (study.models && foreseen.length === 0) throw nothingToMeasure()
  const tokenizer = await chooseTokenizer(
    projectFolder,
    study.tokenizer,
    request.tokenizerFile,
    all.map((group) => group.choices)
  )
  const workshop: Workshop = { projectFolder, study, tokenizer, hooks }

  const isShuffled = study.shuffledPartitions === true
  const meter = meterFor('prepare', [...all, ...(isShuffled ? groups : [])], hooks)
  const natural: CutPartition[] = []
  for (const group of groups) natural.push(await preparePartition(group, workshop, meter))
  const cut = isShuffled ? await shufflePartitions(natural, workshop, meter) : natural
  const models = study.models ? importedPartitions(study.models, study) : []
  const partitions = [...models, ...cut.map(({ prepared }) => prepared)]
  const training = cut.map(({ text }) => text)
  const seed = seedGroup ? await prepareSeed(seedGroup, workshop, meter) : null
  if (seedGroup && seed) {
    training.push({
      partition: seedGroup.name,
      stream: seed.baseUnits[0]!.tokens,
      choices: seedGroup.choices
    })
  }
  meter.finish()

  const namesOf = (list: readonly CutPartition[]) =>
    new Set(list.flatMap(({ prepared: one }) => (one.baseUnits.length > 0 ? [one.name] : [])))
  const measured = namesOf(natural)
  const withUnits = namesOf(cut)
  const domains = await makeDomains(
    domainRequests(
      study,
      allotted,
      groups.filter((group) => measured.has(group.name)),
      seedGroup
    ),
    workshop
  )
  const used = training.filter(
    (text) => text.partition === seedGroup?.name || withUnits.has(text.partition)
  )
  const overlapMeter = meterFor('overlap', all, hooks)
  const { overlaps, marks } = await findOverlaps(projectFolder, used, domains, {
    onTextBytes: overlapMeter.addBytes,
    ...(hooks.signal ? { signal: hooks.signal } : {})
  })
  await keepMarks(projectFolder, { partitions, seed }, domains, marks)
  return {
    tokenizer: {
      fingerprint: tokenizer.tokenizer.fingerprint,
      vocabularySize: tokenizer.tokenizer.vocabularySize,
      endOfTextId: tokenizer.endOfTextId
    },
    partitions,
    seed,
    domains: domains.map(({ domain }, index) => ({
      ...domain,
      overlapping: marks[index]!.filter(Boolean).length
    })),
    overlaps
  }
}

function nothingToMeasure(): WorkbenchError {
  return new WorkbenchError(
    'study/missing-domain',
    'The study is of models that were trained elsewhere, and the project holds no text to measure them on. Import evaluation text.',
    { role: 'evaluation' }
  )
}

/** What every step needs. */
interface Workshop {
  projectFolder: string
  study: Study
  tokenizer: StreamTokenizer
  hooks: PrepareHooks
}

/** A partition with its base units, and its text for the overlap report. */
interface CutPartition {
  prepared: PreparedPartition
  text: TrainingText
}

async function preparePartition(
  group: Group,
  workshop: Workshop,
  meter: ReadMeter
): Promise<CutPartition> {
  const { projectFolder, study } = workshop
  const { contextLength } = study.model
  const stream = await streamOf(group, study.unit.orderBy, workshop, meter)
  const baseUnits = cutUnits({
    partition: group.name,
    tokensFile: join(projectFolder, 'tokens', stream.fingerprint, 'tokens.bin'),
    width: stream.width,
    streamFingerprint: stream.fingerprint,
    contextLength,
    sequences: planUnits(group.name, stream.tokens, contextLength, study.unit)
  })
  return {
    prepared: await ledgerOf(group, stream, baseUnits, workshop),
    text: { partition: group.name, stream: stream.fingerprint, choices: group.choices }
  }
}

/** The same text in random partitions, each with units of the sizes that the one in its place has. */
async function shufflePartitions(
  natural: readonly CutPartition[],
  { projectFolder, study, tokenizer, hooks }: Workshop,
  meter: ReadMeter
): Promise<CutPartition[]> {
  const { contextLength } = study.model
  const own = natural.filter(({ prepared }) => prepared.baseUnits.length > 0)
  const choices = own.flatMap(({ text }) => text.choices)
  const order = shuffleDocuments(choices, study.randomSeed)
  const folder = join(projectFolder, 'tokens')
  const stream = await writeTokenStream(folder, choices, order, tokenizer, {
    onTextBytes: meter.addBytes,
    ...(hooks.signal ? { signal: hooks.signal } : {})
  })
  const tokensFile = join(folder, stream.fingerprint, 'tokens.bin')
  const stretches = dealStretches(
    own.map(({ prepared }) => prepared.tokens),
    contextLength
  )
  const ends = documentEnds(tokensFile, stream, tokenizer.endOfTextId)
  return dealDocuments(choices, order, ends, stretches).map((dealt, place): CutPartition => {
    const name = shuffledName(place)
    const { firstSequence, begin, end } = stretches[place]!
    const sequences = own[place]!.prepared.baseUnits.map((unit) => unit.sequences)
    const baseUnits = cutUnits({
      partition: name,
      tokensFile,
      width: stream.width,
      streamFingerprint: stream.fingerprint,
      contextLength,
      sequences,
      firstSequence
    })
    const inUnits = sequences.reduce((sum, one) => sum + one, 0) * contextLength
    return {
      prepared: {
        name,
        documents: dealt.documents,
        bytes: dealt.bytes,
        tokens: end - begin,
        baseUnits,
        leftOverTokens: end - begin - inUnits,
        // What is held out stays with the partitions that it is held out of.
        heldOutDocuments: 0,
        heldOutBytes: 0,
        heldOutTokens: 0,
        duplicatesRemoved: 0,
        duplicateBytes: 0
      },
      text: {
        partition: name,
        stream: `${stream.fingerprint} ${begin} ${end}`,
        choices: dealt.choices
      }
    }
  })
}

/** One unit that covers the seed's token budget, or all seed text where that is less. */
async function prepareSeed(
  group: Group,
  workshop: Workshop,
  meter: ReadMeter
): Promise<PreparedPartition> {
  const { projectFolder, study } = workshop
  const { contextLength } = study.model
  const stream = await streamOf(group, null, workshop, meter)
  const available = sequencesIn(stream.tokens, contextLength)
  if (available === 0 || study.seed.source !== 'text') {
    throw new WorkbenchError(
      'partition/too-small',
      `The seed text ${group.name} holds ${stream.tokens} tokens; one sequence needs ` +
        `${contextLength + 1}. Import more seed text or shorten the context.`,
      { partition: group.name, tokens: stream.tokens, needed: contextLength + 1 }
    )
  }
  const wanted = Math.ceil(study.seed.tokenBudget / contextLength)
  const baseUnits = cutUnits({
    partition: group.name,
    tokensFile: join(projectFolder, 'tokens', stream.fingerprint, 'tokens.bin'),
    width: stream.width,
    streamFingerprint: stream.fingerprint,
    contextLength,
    sequences: [Math.min(available, wanted)]
  })
  return ledgerOf(group, stream, baseUnits, workshop)
}

async function streamOf(
  group: Group,
  orderBy: string | null,
  { projectFolder, study, tokenizer, hooks }: Workshop,
  meter: ReadMeter
): Promise<TokenStream> {
  const order = await orderDocuments(group.choices, { randomSeed: study.randomSeed, orderBy })
  return writeTokenStream(join(projectFolder, 'tokens'), group.choices, order, tokenizer, {
    onTextBytes: meter.addBytes,
    ...(hooks.signal ? { signal: hooks.signal } : {})
  })
}

async function ledgerOf(
  group: Group,
  stream: TokenStream,
  baseUnits: PreparedPartition['baseUnits'],
  { projectFolder, study, tokenizer }: Workshop
): Promise<PreparedPartition> {
  const sequences = baseUnits.reduce((sum, unit) => sum + unit.sequences, 0)
  const inUnits = sequences === 0 ? 0 : sequences * study.model.contextLength + 1
  const heldOut = countFate(group.parts, HELD_OUT)
  return {
    name: group.name,
    ...countFate(group.parts, TRAINING),
    tokens: stream.tokens,
    baseUnits,
    leftOverTokens: stream.tokens - inUnits,
    heldOutDocuments: heldOut.documents,
    heldOutBytes: heldOut.bytes,
    heldOutTokens: await countHeldOutTokens(projectFolder, group.parts, tokenizer.tokenizer),
    duplicatesRemoved: group.parts.reduce((sum, part) => sum + part.duplicates, 0),
    duplicateBytes: group.parts.reduce((sum, part) => sum + part.duplicateBytes, 0)
  }
}

async function makeDomains(
  requests: readonly DomainRequest[],
  { projectFolder, tokenizer, hooks }: Workshop
): Promise<DomainTexts[]> {
  const domains: { domain: HeldOutDomain; texts: string[] }[] = []
  for (const request of requests) {
    hooks.signal?.throwIfAborted()
    domains.push(await makeDomain(join(projectFolder, 'tokens'), request, tokenizer.tokenizer))
  }
  return domains
}

async function keepMarks(
  projectFolder: string,
  prepared: Pick<Prepared, 'partitions' | 'seed'>,
  domains: readonly DomainTexts[],
  marks: readonly boolean[][]
): Promise<void> {
  for (const [index, { domain }] of domains.entries()) {
    const path = overlapMarksPath(projectFolder, prepared, domain.fingerprint)
    await writeCache(path, { isOverlapping: marks[index] })
  }
}

function meterFor(activity: string, groups: readonly Group[], hooks: PrepareHooks): ReadMeter {
  const bytes = groups.reduce((sum, group) => sum + countFate(group.parts, TRAINING).bytes, 0)
  return new ReadMeter(bytes, (progress) =>
    hooks.onProgress?.(progressOf(activity, 'text', progress))
  )
}
