/** Which nodes of a cluster fail whatever they are given, so that nothing more is submitted to them. */
import { WorkbenchError, toPlain } from '#shared/errors'
import type { SlurmSettings } from '#shared/executors'
import { NOT_SEEN } from './script'

/** So many elements in a row, whichever runs they were for, and a node is given no more. */
const MOST_FAILURES = 2

/** What a job may fail by because of where it was. */
const NODE_ERRORS: readonly string[] = ['worker/died', 'backend/out-of-memory']

/** How elements end where their node is the reason: it does not see the project, or cannot start Assay. */
const NODE_STATUSES: readonly unknown[] = [NOT_SEEN, 126, 127]
const NODE_STATES: readonly unknown[] = ['NODE_FAIL', 'BOOT_FAIL']

/** An `sbatch` option that leaves nodes out; of two of them it takes the last. */
const EXCLUDE = /^\s*(?:--exclude(?:=|\s+)|-x\s*)(\S+)\s*$/

/** Failures of nodes while one study is run. */
export class NodeFailures {
  /** By node, elements that failed there since one did not. */
  readonly #failed = new Map<string, Set<string>>()
  readonly #reasons = new Map<string, string>()

  /**
   * Notes that an element came to nothing.
   *
   * @returns why its node is given nothing more from now on; null where it is, or was not before
   */
  failed(node: string, element: string, error: unknown): string | null {
    if (!mayBeTheNode(error) || this.#reasons.has(node)) return null
    const elements = this.#failed.get(node) ?? new Set<string>()
    this.#failed.set(node, elements.add(element))
    if (elements.size < MOST_FAILURES) return null
    const reason = `${MOST_FAILURES} elements in a row failed on it, and nothing more is submitted to it until the study is run again. The last failed so: ${toPlain(error).message}`
    this.#reasons.set(node, reason)
    return reason
  }

  /** Notes that an element did what it should. */
  worked(node: string): void {
    this.#failed.delete(node)
  }

  /** A study's settings with the nodes left out that failed, beside those that the study leaves out itself. */
  leftOut(settings: SlurmSettings): SlurmSettings {
    const own = settings.options.flatMap((option) => EXCLUDE.exec(option)?.[1] ?? [])
    // A path is a file of the submit host that has them.
    if (this.#reasons.size === 0 || own.some((nodes) => nodes.includes('/'))) return settings
    const others = settings.options.filter((option) => !EXCLUDE.test(option))
    const nodes = [...own.slice(-1), ...this.#reasons.keys()].join(',')
    return { ...settings, options: [...others, `--exclude=${nodes}`] }
  }

  /** Of a submission that was refused: that it may be for want of those nodes. */
  explained(error: unknown): unknown {
    const { code, message, details } = toPlain(error)
    if (code !== 'executor/refused' || this.#reasons.size === 0) return error
    const nodes = [...this.#reasons].map(([node, reason]) => `${node}: ${reason}`)
    return new WorkbenchError(
      code,
      `${message} Perhaps no other nodes are left for it: these are left out since they failed. ${nodes.join(' ')}`,
      { ...details, leftOut: [...this.#reasons.keys()] },
      { cause: error }
    )
  }
}

/** What a job says of its node, as an error that another node may not meet. */
export function unusableNode(host: string, message: string): WorkbenchError {
  return new WorkbenchError(
    'executor/lost',
    `The node ${host} of the cluster cannot compute: ${message}`,
    { host, isUnusable: true }
  )
}

/** True where the node may be the reason, and not the run. */
export function mayBeTheNode(error: unknown): boolean {
  const { code, details } = toPlain(error)
  return (
    NODE_ERRORS.includes(code) ||
    details['isUnusable'] === true ||
    (code === 'executor/failed' && NODE_STATUSES.includes(details['exitStatus'])) ||
    (code === 'executor/lost' && NODE_STATES.includes(details['state']))
  )
}
