/** Where things lie on the nodes, which are no Windows machines. */
import { posix } from 'node:path'

/** Folder of a submission in a project's folder there. */
export function nodesFolder(project: string, key: string): string {
  return posix.join(project, 'cluster', key)
}
