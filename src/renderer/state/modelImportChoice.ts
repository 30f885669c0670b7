/** What is asked of dropped checkpoints before they are imported. Pure. */
import { mixtureMembers } from '#shared/importedModels'
import type { FoundModel, PlacedModel } from '#shared/modelsView'
import { inBytes } from '../format'

/** A checkpoint as a person places it; numbers are as they are typed. */
export interface ChosenModel {
  found: FoundModel
  isTaken: boolean
  role: FoundModel['role']
  partition: string
  mixture: string
  tokens: string
}

/** So much is streamed from a browser at most; beyond, the command line reads where the files lie. */
const MOST_STREAMED = 20_000_000_000

/** Why files are not streamed; null where they are. */
export function tooMuchToStream(bytes: number): string | null {
  if (bytes <= MOST_STREAMED) return null
  return `These files take ${inBytes(bytes)}; a browser hands over ${inBytes(MOST_STREAMED)} at most. Import them where they lie with “assay import-models”, or drop them on the desktop application, which reads them there.`
}

/** Whether files are those of checkpoints, wherever they are dropped. */
export function holdsCheckpoint(paths: readonly string[]): boolean {
  const has = (name: RegExp) => paths.some((path) => name.test(path))
  return has(/(^|\/)config\.json$/) && has(/\.safetensors$/)
}

export function firstChoices(found: readonly FoundModel[]): ChosenModel[] {
  return found.map((one) => ({
    found: one,
    isTaken: one.problem === null,
    role: one.role,
    partition: one.partition ?? lastOf(one.source),
    mixture: one.mixture ?? '',
    tokens: one.tokens === null ? '' : String(one.tokens)
  }))
}

const lastOf = (source: string) => source.split(/[\\/]/).at(-1)!

/** A name that no study has yet. */
export function freeName(taken: readonly string[], stem = 'models'): string {
  if (!taken.includes(stem)) return stem
  let number = 2
  while (taken.includes(`${stem}-${number}`)) number += 1
  return `${stem}-${number}`
}

/** What keeps the import from being done, in words; null where nothing does. */
export function importProblem(
  choices: readonly ChosenModel[],
  name: string,
  window: string,
  studies: readonly string[]
): string | null {
  const taken = choices.filter(({ isTaken }) => isTaken)
  const broken = taken.find(({ found }) => found.problem !== null)
  if (broken) return `${broken.found.source} cannot be read: leave it out.`
  const branches = taken.filter(({ role }) => role === 'branch')
  if (branches.length === 0) return 'At least one checkpoint has to be the branch of a partition.'
  if (taken.filter(({ role }) => role === 'seed').length > 1) {
    return 'Branches come of one seed model: choose one.'
  }
  const partitions = new Set(branches.map(({ partition }) => partition.trim()))
  if (partitions.has('')) return 'Name the partition of every branch.'
  const reserved = [...partitions].find((one) => /[+*#]/.test(one))
  if (reserved !== undefined) return `“${reserved}”: a partition’s name holds none of + * #.`
  for (const { role, mixture, found } of taken) {
    const fault = role === 'sequential' ? mixtureFault(mixture, partitions) : null
    if (fault !== null) return `${found.source}: ${fault}`
  }
  if (taken.some(({ tokens }) => numberOf(tokens) === null)) {
    return 'Write tokens as a whole number, or leave the field empty.'
  }
  if (numberOf(window) === null) return 'Write the window as a whole number, or leave it empty.'
  if (name.trim() === '') return 'Name the study.'
  return studies.includes(name.trim()) ? `There is a study “${name.trim()}” already.` : null
}

function mixtureFault(mixture: string, partitions: ReadonlySet<string>): string | null {
  if (mixture.trim() === '') return 'say of which mixture it is, as art+law or art*0.25+law*0.75.'
  for (const [name, weight] of mixtureMembers(mixture)) {
    if (!partitions.has(name)) return `“${name}” has no branch among these.`
    if (!(weight > 0)) return `the weight of ${name} is a number above 0.`
  }
  return null
}

/** A whole number above 0 as it is typed; undefined for nothing, null for what is none. */
export function numberOf(text: string): number | undefined | null {
  const plain = text.replace(/[\s,_\u2009]/g, '')
  if (plain === '') return undefined
  return /^[1-9]\d{0,14}$/.test(plain) ? Number(plain) : null
}

/** Those that are taken, as the engine is asked for them. */
export function placedModels(choices: readonly ChosenModel[]): PlacedModel[] {
  return choices
    .filter(({ isTaken }) => isTaken)
    .map(({ found, role, partition, mixture, tokens }) => ({
      source: found.source,
      role,
      partition: role === 'branch' ? partition.trim() : null,
      mixture: role === 'sequential' ? mixture.trim() : null,
      tokens: numberOf(tokens) ?? null,
      chosenBy: found.chosenBy
    }))
}

/** What is looked for among what was dropped. */
export const MODEL_FOLDER_WORDS =
  'Drop a folder with one folder per partition, each a checkpoint or of one per base unit; or one with branches/ so, sequential/ with one folder per mixture, and seed/; or checkpoints one by one; or a CSV table with the folders that it names. A checkpoint is a Hugging Face folder: config.json, safetensors, tokenizer.json.'
