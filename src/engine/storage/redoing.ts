/** What becomes of a damaged file: what goes aside with it, and what is done anew. */
import { BEFORE_FILE } from './paths'
import type { ProjectData } from './projectFormat'

export interface Redoing {
  /** What a repair moves aside, relative to the project; null: it stays where it is. */
  aside: string | null
  /** In words: what the next run, or whoever reads this, is to do. */
  redoing: string
  /** False where what is lost does not come back by itself. */
  isRedone: boolean
}

/** Of a file that cannot be read: what it holds may be sound, so it stays. */
export const UNREADABLE: Redoing = {
  aside: null,
  redoing:
    'it could not be read, and stays where it is: look at its permissions and at what the system says of the disk, then check again; what cannot be read for good restore from a copy, or move away to have it made again where it can be',
  isRedone: false
}

/**
 * What is to be done about a damaged file. Pure.
 *
 * @param name relative to the project
 * @param data the records; null where they cannot be read
 * @param hasCopy true for a tokenizer of which a sound copy is there
 */
export function planRedoing(name: string, data: ProjectData | null, hasCopy: boolean): Redoing {
  const [top, part, below] = name.split('/')
  const lost = data?.isBundle === true || data?.tables !== undefined
  if (top === 'project.assay') return ofRecords(data)
  if (top === BEFORE_FILE) {
    return { aside: name, redoing: 'written again at the next change', isRedone: true }
  }
  if (top === 'runs') return ofRun(part!, below, data)
  if (top === 'corpora') return ofCorpus(part!, data)
  if (top === 'tokenizers') return ofTokenizer(name, hasCopy)
  if (top === 'measurements.jsonl') {
    return { aside: name, redoing: 'damaged lines are measured again', isRedone: !lost }
  }
  if (top === 'measurements.f64') {
    // The bytes stay where they are, and no line names them any more.
    const aside = 'measurements.jsonl'
    return { aside, redoing: 'what the damage hit is measured again', isRedone: !lost }
  }
  if (top === 'heads.jsonl') {
    const redoing =
      'damaged lines are left out: what runs came to is read off their folders, why they failed is lost'
    return { aside: name, redoing, isRedone: false }
  }
  if (top === 'predictions.jsonl') {
    const redoing =
      'damaged lines are left out: what was said of a model before it was trained cannot be said later'
    return { aside: name, redoing, isRedone: false }
  }
  if (top === 'tokens') {
    const redoing = lost
      ? 'take it from the project that the bundle was made of'
      : 'the text is prepared again'
    return { aside: `tokens/${part}`, redoing, isRedone: !lost }
  }
  if (top === 'cache') {
    const redoing = lost ? 'made again where it can be' : 'made again when it is needed'
    return { aside: name, redoing, isRedone: !lost }
  }
  if (top === 'exports') {
    return { aside: `exports/${part}`, redoing: 'export the model again', isRedone: false }
  }
  if (top === 'cluster') {
    const redoing = `what was submitted as ${part} is not known any more: look in the cluster's queue for jobs of that name, and cancel them there`
    return { aside: null, redoing, isRedone: false }
  }
  if (top === 'tables.json') {
    const redoing = 'restore it from a copy, or import the tables again into a new project'
    return { aside: null, redoing, isRedone: false }
  }
  return { aside: name, redoing: 'restore it from a copy, if it is needed', isRedone: false }
}

function ofRecords(data: ProjectData | null): Redoing {
  return data === null
    ? { aside: null, redoing: 'restore it from a copy: it cannot be read', isRedone: false }
    : {
        aside: 'project.assay',
        redoing:
          'taken as it is: right where it was changed by hand on purpose; else restore it from a copy, ' +
          'since nobody knows which of its values are wrong',
        isRedone: false
      }
}

function ofRun(run: string, below: string | undefined, data: ProjectData | null): Redoing {
  const head = data?.runs.find(({ fingerprint }) => fingerprint === run)
  const name = head ? `the run ${head.name}` : 'a run that no study has'
  if (below === 'resume' || below === 'command') {
    const redoing = `${name} is trained from its start again`
    return { aside: `runs/${run}/${below}`, redoing, isRedone: true }
  }
  const aside = `runs/${run}`
  const isImported = data?.studies.some(
    ({ models }) =>
      models &&
      [...models.branches, ...models.sequential].some(({ fingerprint }) => fingerprint === run)
  )
  if (isImported) {
    const redoing = `${name} was trained elsewhere: import the models again into a new project`
    return { aside, redoing, isRedone: false }
  }
  if (data?.isBundle) {
    const redoing = 'take it from the project that the bundle was made of'
    return { aside: null, redoing, isRedone: false }
  }
  return { aside, redoing: `${name} is trained again`, isRedone: true }
}

function ofCorpus(fingerprint: string, data: ProjectData | null): Redoing {
  const corpora = data?.corpora.filter((one) => one.fingerprint === fingerprint) ?? []
  const what = corpora.map(({ name, source }) => `"${name}" from ${source}`).join(', ')
  const redoing = what === '' ? 'no corpus of the project has this text' : `import ${what} again`
  return { aside: `corpora/${fingerprint}`, redoing, isRedone: false }
}

function ofTokenizer(name: string, hasCopy: boolean): Redoing {
  const redoing = hasCopy ? 'restored from a checkpoint' : 'restore it from a copy'
  return { aside: hasCopy ? name : null, redoing, isRedone: hasCopy }
}
