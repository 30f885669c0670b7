/** What all work of one study on one cluster is given. */
import type { SlurmSettings } from '#shared/executors'
import type { ClusterFolder } from './clusterFolder'
import type { Program } from './script'

export interface Cluster {
  /** Folder of the project here. */
  project: string
  study: string
  settings: SlurmSettings
  program: Program
  /** The study's own trainer may take so long to save its state, s. */
  graceSeconds?: number | undefined
  /** The project as the nodes see it. */
  folder: ClusterFolder
}
