/**
 * What a power cut may take: bytes that were written since the last sync of their file, and names that were given or
 * taken away since the last sync of their folder.
 *
 * A log of what is not synced yet, undone from its end. Things removed are moved into a morgue instead, from which
 * they may come back; so no inode is given out twice, and files and folders are known by theirs.
 */
import * as fs from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'

/** A name in a folder, which is known by its inode: it may be called otherwise by the time of the cut. */
interface Entry {
  folder: number
  name: string
}

type Change =
  | { kind: 'made'; at: Entry; inode: number }
  | { kind: 'gone'; at: Entry; kept: string }
  | { kind: 'moved'; from: Entry; at: Entry; inode: number; kept: string | null }

const inodeOf = (path: string) => fs.lstatSync(path, { throwIfNoEntry: false })?.ino ?? null

/** The disk under one folder, as far as it is known to be on it. */
export class UnsyncedFiles {
  readonly #root: string
  readonly #morgue: string
  #log: Change[] = []
  /** Bytes of files as they were when last synced, by inode. */
  readonly #before = new Map<number, Buffer>()
  #buried = 0

  /** @param place a folder on one disk; what lies in `place/world` is watched */
  constructor(place: string) {
    this.#root = join(place, 'world')
    this.#morgue = join(place, 'morgue')
    for (const folder of [this.#root, this.#morgue]) fs.mkdirSync(folder, { recursive: true })
  }

  /** The folder that is watched. */
  get root(): string {
    return this.#root
  }

  isWatched(path: unknown): path is string {
    return typeof path === 'string' && path.startsWith(this.#root + sep)
  }

  /** Ahead of what may make files or folders; the returned function is called behind it. */
  making(path: string): () => void {
    const missing: string[] = []
    for (let one = path; this.isWatched(one) && inodeOf(one) === null; one = dirname(one)) {
      missing.unshift(one)
    }
    return () => {
      for (const one of missing) {
        const inode = inodeOf(one)
        if (inode !== null) this.#log.push({ kind: 'made', at: this.#entry(one), inode })
      }
    }
  }

  /** Ahead of what changes a file's bytes. */
  writing(path: string): void {
    const inode = inodeOf(path)
    if (inode !== null && !this.#before.has(inode)) this.#before.set(inode, fs.readFileSync(path))
  }

  /** Behind what made a file with bytes in it. */
  copied(path: string): void {
    const inode = inodeOf(path)
    if (inode !== null && !this.#before.has(inode)) this.#before.set(inode, Buffer.alloc(0))
  }

  /** Behind a sync, of a file or a folder. */
  synced(inode: number): void {
    this.#before.delete(inode)
    this.#log = this.#log.flatMap((one) => {
      if (one.at.folder !== inode) return [one]
      if (one.kind !== 'moved' || one.from.folder === inode) return []
      // Of what went to another folder the old name may come back.
      const { folders } = this.#found()
      const kept = this.#grave()
      fs.cpSync(join(folders.get(inode)!, one.at.name), kept, { recursive: true })
      return [{ kind: 'gone', at: one.from, kept }]
    })
  }

  /** In place of a removal. @returns false where there is nothing */
  remove(path: string): boolean {
    if (inodeOf(path) === null) return false
    const at = this.#entry(path)
    const kept = this.#grave()
    fs.renameSync(path, kept)
    this.#log.push({ kind: 'gone', at, kept })
    return true
  }

  /** Ahead of a rename; the returned function is called behind it. */
  moving(path: string, target: string): () => void {
    const inode = inodeOf(path)
    const from = this.#entry(path)
    const isReplaced = fs.lstatSync(target, { throwIfNoEntry: false })?.isFile() === true
    const kept = isReplaced ? this.#grave() : null
    if (kept !== null) fs.linkSync(target, kept)
    return () => {
      this.#log.push({ kind: 'moved', from, at: this.#entry(target), inode: inode!, kept })
    }
  }

  /** What a power cut would take now, in words; what is gone and might come back is left out. */
  pending(): string[] {
    const { files, folders } = this.#found()
    const names = this.#log.flatMap((one) => {
      const folder = folders.get(one.at.folder)
      if (one.kind === 'gone' || folder === undefined) return []
      return inodeOf(join(folder, one.at.name)) === one.inode ? [`the name ${one.at.name}`] : []
    })
    const bytes = [...this.#before.keys()].flatMap((inode) => {
      const path = files.get(inode)
      return path === undefined ? [] : [`bytes of ${basename(path)}`]
    })
    return [...names, ...bytes]
  }

  /**
   * Cuts the power: bytes that were not synced are lost, and of the names all but the first share.
   *
   * @param kept share of changes of names that came to the disk by themselves, the oldest first, as a journal
   *   writes them
   */
  lose(kept: number): void {
    const lost = this.#log.slice(Math.floor(this.#log.length * kept))
    for (const change of lost.reverse()) this.#undo(change)
    const { files } = this.#found()
    for (const [inode, bytes] of this.#before) {
      const path = files.get(inode)
      if (path !== undefined) fs.writeFileSync(path, bytes)
    }
    this.#log = []
    this.#before.clear()
  }

  #undo(change: Change): void {
    const { folders } = this.#found()
    const place = ({ folder, name }: Entry) => {
      const path = folders.get(folder)
      return path === undefined ? null : join(path, name)
    }
    const at = place(change.at)
    if (change.kind === 'gone') {
      if (at !== null && inodeOf(at) === null) fs.renameSync(change.kept, at)
      return
    }
    if (at === null || inodeOf(at) !== change.inode) return
    if (change.kind === 'made') {
      fs.renameSync(at, this.#grave())
      return
    }
    const from = place(change.from)
    fs.renameSync(at, from !== null && inodeOf(from) === null ? from : this.#grave())
    if (change.kept !== null) fs.renameSync(change.kept, at)
  }

  #entry(path: string): Entry {
    return { folder: inodeOf(dirname(path))!, name: basename(path) }
  }

  #grave(): string {
    return join(this.#morgue, String(this.#buried++))
  }

  /** What lies under the root now, by inode. */
  #found(): { files: Map<number, string>; folders: Map<number, string> } {
    const files = new Map<number, string>()
    const folders = new Map([[inodeOf(this.#root)!, this.#root]])
    for (const entry of fs.readdirSync(this.#root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const known = entry.isDirectory() ? folders : files
      known.set(inodeOf(path)!, path)
    }
    return { files, folders }
  }
}
