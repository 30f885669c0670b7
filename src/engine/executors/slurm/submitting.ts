/** Makes arrays of what is asked for, and submits as much of it as there is room for; the rest waits. */
import { randomBytes } from 'node:crypto'
import { ElementKindSchema } from '#shared/clusterView'
import type { ElementKind } from '#shared/clusterView'
import type { SlurmSettings } from '#shared/executors'
import { tell } from './asks'
import type { Ask } from './asks'
import { fairShares } from './atOnce'
import { groupsOf } from './cancelling'
import type { Cluster } from './cluster'
import { elementState, isLive, readArraySize } from './queue'
import type { Queue, QueueRecord } from './queue'
import { queuePlace } from './queuePlace'
import type { QueuePlace } from './queuePlace'
import { refusedError } from './refusals'
import { Room } from './room'
import { submitArray } from './submitArray'
import type { ElementPlace, Submission } from './submissions'

/** What submitting asks of who follows elements. */
interface Following {
  /** What waits or runs. */
  open: () => ReadonlySet<Ask>
  /** As it was last seen. */
  queue: () => Queue
  /** As the study has them, without nodes that failed. */
  settings: () => SlurmSettings
  knownQueue: (
    asks: readonly Ask[],
    isOpen: () => boolean
  ) => Promise<ReadonlyMap<string, QueueRecord> | null>
  pause: (isOpen: () => boolean) => Promise<void>
  follow: (ask: Ask, place: ElementPlace) => void
  fail: (ask: Ask, error: unknown) => void
  /** Something waits until it may be submitted: it wants another try once the queue was asked again. */
  wait: () => void
}

/** What makes one array: of each element those that want it. */
interface Piece {
  kind: ElementKind
  groups: readonly Ask[][]
}

/** The way of one study's elements into the queue. One call at a time. */
export class Submitting {
  readonly #cluster: Cluster
  readonly #following: Following
  readonly #room: Room
  /** What there was no room for yet, in the order in which it was asked for. */
  #unsent: readonly Ask[] = []
  #arraySize: Promise<number> | null = null
  #asked: QueuePlace | null = null

  constructor(cluster: Cluster, following: Following) {
    this.#cluster = cluster
    this.#following = following
    this.#room = new Room(cluster.settings)
  }

  /** True where something waits until it may be submitted. */
  isWaiting(): boolean {
    return this.#unsent.some(isOpen)
  }

  /**
   * Submits what has room, what waited for it first, and tells arrays how much of them may run at once. What is
   * refused fails; what was submitted before goes on.
   */
  async submit(asks: readonly Ask[]): Promise<void> {
    const all = [...this.#unsent, ...asks]
    try {
      const pieces = await this.#piecesOf(all.filter(isUnsent))
      const wanting = pieces.map(({ groups }) => groups.length)
      const room = await this.#shareOut(wanting.reduce((sum, one) => sum + one, 0))
      const atOnce = fairShares(wanting, room)
      for (const [index, piece] of pieces.entries()) {
        await this.#submitPiece(piece, atOnce[index]!)
      }
      this.#unsent = all.filter(isUnsent)
    } catch (error) {
      this.#unsent = []
      for (const ask of all.filter(isUnsent)) this.#following.fail(ask, error)
    }
    this.#unsent.forEach(tellFull)
    if (this.#unsent.length > 0) this.#following.wait()
  }

  /** Of one kind each, and no larger than an array may be. */
  async #piecesOf(asks: readonly Ask[]): Promise<Piece[]> {
    if (asks.length === 0) return []
    const { settings } = this.#cluster
    const most = await (this.#arraySize ??= readArraySize(settings))
    return ElementKindSchema.options.flatMap((kind) => {
      const those = asks.filter(({ want }) => want.kind === kind)
      const elements = groupsOf(those, kind === 'measure' ? settings.modelsPerElement : 1)
      return groupsOf(elements, most).map((groups) => ({ kind, groups }))
    })
  }

  /** How many elements that are not submitted yet may run at once, besides those that are. */
  #shareOut(wanting: number): Promise<number> {
    const open = [...this.#following.open()].map(({ place }) => place!.submission)
    const submissions = [...new Map(open.map((one) => [one.key, one])).values()]
    const queue = this.#following.queue()
    return this.#room.shareOut(submissions, queue.isKnown ? queue.elements : new Map(), wanting)
  }

  /**
   * Where the queue takes only the beginning, smaller and smaller arrays follow: it refused about twice as much, so
   * that no more than it took is left of its room.
   *
   * @throws WorkbenchError `executor/refused` where it takes nothing, and nothing leaves it that would make room
   */
  async #submitPiece({ kind, groups }: Piece, atOnce: number): Promise<void> {
    let most = groups.length
    let isFull = false
    for (let first = 0, free = atOnce; first < groups.length && free > 0;) {
      const before = this.#elements()
      const size = Math.min(most, groups.length - first, this.#room.toSubmit(before))
      if (size <= 0) return
      const share = Math.max(1, Math.floor((atOnce * size) / groups.length))
      const part = groups.slice(first, first + size)
      const { taken, refusal } = await this.#submitArray(kind, part, Math.min(free, share))
      if (refusal && taken === 0 && this.#isQueueEmpty()) throw refusedError(refusal)
      isFull ||= refusal !== null
      if (!isFull) this.#room.noteTaken(before, taken)
      const isEnd = taken === 0 || (isFull && size === 1)
      if (isFull && isEnd) this.#room.noteFull(this.#elements())
      // Nobody wanted it any more, or there is no room left.
      if (isEnd) return
      if (isFull) most = Math.ceil(taken / 2)
      first += taken
      free -= Math.min(share, taken)
    }
  }

  /** Elements of the study that wait or run, as far as is known. */
  #elements(): number {
    const places = [...this.#following.open()].map(({ place }) => place!)
    return new Set(places.map(({ submission, index }) => `${submission.key}.${index}`)).size
  }

  /** True where no array of this user waits or runs. */
  #isQueueEmpty(): boolean {
    const queue = this.#following.queue()
    if (this.#following.open().size > 0 || !queue.isKnown) return false
    return ![...queue.elements.values()].some((record) => isLive(elementState(record)))
  }

  /** One array, or the beginning of it. */
  async #submitArray(
    kind: ElementKind,
    groups: readonly Ask[][],
    atOnce: number
  ): ReturnType<typeof submitArray> {
    const following = this.#following
    const elements = groups.map((group) => group.filter(isOpen))
    const asks = elements.flat()
    if (asks.length === 0) return { taken: 0, refusal: null }
    const submission = await this.#submissionOf(kind, elements, atOnce)
    const isWanted = () => asks.some(isOpen)
    const submitted = await submitArray(this.#cluster, submission, {
      isOpen: isWanted,
      pause: () => following.pause(isWanted),
      knownQueue: () => following.knownQueue(asks, isWanted),
      onTry: (words) => asks.forEach((ask) => tellTry(ask, words))
    })
    elements.slice(0, submitted.taken).forEach((group, index) => {
      for (const ask of group) following.follow(ask, { submission, index })
    })
    return submitted
  }

  async #submissionOf(
    kind: ElementKind,
    elements: readonly Ask[][],
    atOnce: number
  ): Promise<Submission> {
    const { study, program, folder, settings } = this.#cluster
    return {
      format: 'assay-submission',
      version: 1,
      key: `assay-${randomBytes(6).toString('hex')}`,
      kind,
      study,
      project: folder.project,
      settings: this.#following.settings(),
      atOnce,
      asked: (this.#asked ??= await queuePlace(settings)),
      assay: program.version,
      array: null,
      submittedAt: new Date().toISOString(),
      elements: elements.map((group) => ({
        runs: group.map(({ want }) => want.run),
        labels: group.map(({ want }) => want.label)
      })),
      failed: [],
      isOver: false
    }
  }
}

function isOpen({ isOver }: Ask): boolean {
  return !isOver
}

function isUnsent({ isOver, place }: Ask): boolean {
  return !isOver && place === null
}

function tellFull(ask: Ask): void {
  const words =
    'it is not submitted yet: as many elements of the study are in the queue, or run, as may be'
  tell(ask, words, 'waiting')
}

/** Of a call that nobody answered it is not known whether somebody heard it. */
function tellTry(ask: Ask, words: string): void {
  tell(ask, `it may not have been submitted (${words}); it is looked for, and submitted again`)
}
