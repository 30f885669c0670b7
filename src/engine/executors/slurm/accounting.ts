/** What a cluster's accounting, where it has one, remembers of an element that the queue has forgotten. */
import { callClient } from './clients'
import type { SubmitHost } from './clients'
import { megabytesOf } from './elementEnd'
import type { ElementEnd } from './elementEnd'

const FIELDS = ['JobID', 'State', 'ExitCode', 'NodeList', 'ReqMem', 'MaxRSS', 'JobName']

/** States of what did not end yet: the queue knows better than accounting, which lags behind it. */
const NOT_ENDED =
  /^(PENDING|RUNNING|REQUEUED|RESIZING|SUSPENDED|COMPLETING|CONFIGURING|RESV_DEL_HOLD)$/

/** Without slurmdbd there is nothing to ask, and a cluster gets none while a study runs. */
const IS_OFF = /accounting storage is disabled/i

/** Asks `sacct`, until it is known that the cluster keeps no accounts. */
export class Accounting {
  readonly #host: SubmitHost
  #isOff = false

  constructor(host: SubmitHost) {
    this.#host = host
  }

  /**
   * How an element ended, with all that is known of it.
   *
   * @param told what the controller said while it remembered; null where nobody asked in time
   * @param job Slurm's id of it, such as `12_3`
   * @param name of its array in the queue: a number may have been given out again
   * @returns null where nothing is remembered, nothing is kept, or nobody answers
   */
  async endOf(told: ElementEnd | null, job: string, name: string): Promise<ElementEnd | null> {
    // Who cancelled it, and what memory it took, the controller never says.
    if (told && !['CANCELLED', 'OUT_OF_MEMORY'].includes(told.state)) return told
    const accounted = await this.#accounted(job, name)
    if (!told || !accounted) return told ?? accounted
    const asked = told.memory.asked ?? accounted.memory.asked
    const { cancelledBy, memory } = accounted
    return { ...told, cancelledBy, memory: { asked, most: memory.most } }
  }

  /** What a user is called on the cluster. */
  async nameOf(user: number): Promise<string> {
    const { status, stdout } = await callClient(this.#host, 'id', ['-un', String(user)])
    return status === 0 && stdout.trim() !== '' ? stdout.trim() : `user ${user}`
  }

  async #accounted(job: string, name: string): Promise<ElementEnd | null> {
    // Of elements that never began all of an array have one record, which only its number finds.
    for (const asked of [job, job.split('_')[0]!]) {
      if (this.#isOff) return null
      const args = ['-n', '-P', '-j', asked, `--format=${FIELDS.join(',')}`]
      const { status, stdout, stderr, isMissing } = await callClient(this.#host, 'sacct', args)
      this.#isOff = isMissing || IS_OFF.test(stderr) || IS_OFF.test(stdout)
      const end = status === 0 ? accountedEnd(stdout, job, name) : null
      if (end) return end
    }
    return null
  }
}

interface Account {
  job: string
  state: string
  exit: string
  node: string
  asked: string
  most: string
  name: string
}

/**
 * Reads what `sacct -n -P` says of an element: a line for the element, and one for each of its steps, which have the memory
 * that was taken.
 *
 * @returns null where it says nothing of it, or that it did not end yet
 */
export function accountedEnd(text: string, job: string, name: string): ElementEnd | null {
  const accounts = text.split('\n').flatMap(parsedAccount)
  const own = accounts.findLast((one) => one.name === name && isOf(one.job, job))
  if (!own) return null
  const [state = '', ...rest] = own.state.split(' ')
  if (NOT_ENDED.test(state)) return null
  const [exit = 0, signal = 0] = own.exit.split(':').map(Number)
  const steps = accounts.filter((one) => one.job.startsWith(`${job}.`))
  const most = Math.max(0, ...steps.map((one) => megabytesOf(one.most) ?? 0))
  return {
    state,
    exitStatus: exit,
    signal,
    node: /^(None assigned|)$/.test(own.node) ? null : own.node,
    cancelledBy: rest[0] === 'by' ? Number(rest[1]) : null,
    memory: { asked: megabytesOf(own.asked), most: most > 0 ? most : null }
  }
}

function parsedAccount(line: string): Account[] {
  const [job, state, exit, node, asked, most, ...name] = line.split('|')
  if (job === undefined || name.length === 0) return []
  return [
    {
      job,
      state: state!,
      exit: exit!,
      node: node!,
      asked: asked!,
      most: most!,
      name: name.join('|')
    }
  ]
}

/** Elements that never began stand together: `9_[5-7,9]`, or `9_[5-7%2]` with how many might run at once. */
function isOf(account: string, job: string): boolean {
  if (account === job) return true
  const [array, index] = job.split('_')
  const together = /^(\d+)_\[([\d,-]+)(?:%\d+)?\]$/.exec(account)
  if (together?.[1] !== array) return false
  return together![2]!.split(',').some((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return first! <= Number(index) && Number(index) <= last!
  })
}
