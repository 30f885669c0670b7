/** Where things lie inside a project folder. */
import { join } from 'node:path'

export const PROJECT_FILE = 'project.assay'
/** The records before the last change. */
export const BEFORE_FILE = 'project.assay-before'
export const TABLES_FILE = 'tables.json'

/** Paths of a project, each a function of what it holds. */
export const projectPaths = {
  file: (project: string) => join(project, PROJECT_FILE),
  /** The records before the last change, for when the newest are damaged. */
  before: (project: string) => join(project, BEFORE_FILE),
  /** The records as an older version had them. */
  backup: (project: string, version: number) =>
    join(project, `project.version-${version}.assay-backup`),
  /** What a study was made from that was made from tables. */
  tables: (project: string) => join(project, TABLES_FILE),
  /** Heads of runs that the records may lack yet. */
  heads: (project: string) => join(project, 'heads.jsonl'),
  lock: (project: string) => join(project, 'lock.json'),
  measurements: (project: string) => join(project, 'measurements.jsonl'),
  /** Nats of documents that measurements name: float64, little-endian. */
  documentNats: (project: string) => join(project, 'measurements.f64'),
  /** What proxies said of sequential models before these were trained. */
  predictions: (project: string) => join(project, 'predictions.jsonl'),
  corpora: (project: string) => join(project, 'corpora'),
  corpus: (project: string, fingerprint: string) => join(project, 'corpora', fingerprint),
  tokenizer: (project: string, fingerprint: string) =>
    join(project, 'tokenizers', fingerprint, 'tokenizer.json'),
  prepared: (project: string, key: string) => join(project, 'cache', `prepared-${key}.json`),
  /** What is known of a checkpoint outside, for where it is not at hand. */
  seedCheckpoint: (project: string, key: string) =>
    join(project, 'cache', `checkpoint-${key}.json`),
  rate: (project: string, key: string) => join(project, 'cache', `rate-${key}.json`),
  /** Where branches lie around their seed. */
  geometry: (project: string, key: string) => join(project, 'cache', `geometry-${key}.json`),
  /** What models hold, and how far they are apart. */
  inspection: (project: string, key: string) => join(project, 'cache', `inspection-${key}.json`),
  /** What a model makes of every token of a domain: float32, little-endian, nats. */
  tokenLosses: (project: string, key: string) =>
    join(project, 'cache', 'token-losses', `${key}.f32`),
  /** How far the search that was stopped last had scored its subsets. */
  search: (project: string) => join(project, 'cache', 'search.f64'),
  drops: (project: string) => join(project, 'cache', 'drops'),
  drop: (project: string, id: string) => join(project, 'cache', 'drops', id),
  /** What jobs done elsewhere came to, until it is taken in. */
  outcomes: (project: string) => join(project, 'outcomes'),
  outcome: (project: string, key: string) => join(project, 'outcomes', `${key}.json`),
  /** Array jobs that were submitted to a cluster, a folder each: what they do, and their logs. */
  cluster: (project: string) => join(project, 'cluster'),
  submission: (project: string, key: string) => join(project, 'cluster', key),
  run: (project: string, fingerprint: string) => join(project, 'runs', fingerprint),
  /** Who trains a run now. */
  claim: (project: string, fingerprint: string) => join(project, 'runs', fingerprint, 'claim.json'),
  checkpoint: (project: string, fingerprint: string) =>
    join(project, 'runs', fingerprint, 'checkpoint'),
  /** Weights of a branch after so many steps, where a study keeps them. */
  earlierCheckpoint: (project: string, fingerprint: string, step: number) =>
    join(project, 'runs', fingerprint, 'earlier', String(step)),
  /** A seed model that was taken in, by its path within the project. */
  keptSeed: (mark: string, name: string) => `seeds/${mark}/${name}`,
  resume: (project: string, fingerprint: string) => join(project, 'runs', fingerprint, 'resume'),
  /** What a run's own trainer is given, and what it leaves until it is finished. */
  command: (project: string, fingerprint: string) => join(project, 'runs', fingerprint, 'command'),
  /** What that trainer itself keeps from call to call: its `{state}`. */
  commandState: (project: string, fingerprint: string) =>
    join(project, 'runs', fingerprint, 'command', 'state'),
  trace: (project: string, fingerprint: string) =>
    join(project, 'runs', fingerprint, 'trace.jsonl'),
  manifest: (project: string, fingerprint: string) =>
    join(project, 'runs', fingerprint, 'manifest.json')
} as const
