/** Edits of a project's studies, so that each can be undone and done again. */
import type { Study } from '#shared/records'

/** A change of one study: before and after it; null where there was, or is, none. */
export interface StudyEdit {
  before: Study | null
  after: Study | null
}

/** More edits than this are not kept. */
const MOST = 100

/** What was done, latest last, and what was undone; an edit after an undo forgets the undone. */
export class StudyHistory {
  #done: StudyEdit[] = []
  #undone: StudyEdit[] = []

  /** Says in words what undoing would take back; null where there is nothing. */
  get undo(): string | null {
    return described(this.#done.at(-1))
  }

  get redo(): string | null {
    return described(this.#undone.at(-1))
  }

  add(edit: StudyEdit): void {
    if (JSON.stringify(edit.before) === JSON.stringify(edit.after)) return
    this.#done = [...this.#done, edit].slice(-MOST)
    this.#undone = []
  }

  /**
   * Takes the latest edit back.
   *
   * @param apply makes a study that is so into one that is so; when it fails, nothing is undone
   */
  async back(apply: (edit: StudyEdit) => Promise<void>): Promise<void> {
    const edit = this.#done.at(-1)
    if (!edit) return
    await apply({ before: edit.after, after: edit.before })
    this.#done.pop()
    this.#undone.push(edit)
  }

  /** Does again what was taken back last. */
  async forth(apply: (edit: StudyEdit) => Promise<void>): Promise<void> {
    const edit = this.#undone.at(-1)
    if (!edit) return
    await apply(edit)
    this.#undone.pop()
    this.#done.push(edit)
  }
}

function described(edit: StudyEdit | undefined): string | null {
  if (!edit) return null
  const { before, after } = edit
  if (!before) return `adding the study ${after?.name}`
  if (!after) return `removing the study ${before.name}`
  return `changing the study ${after.name}`
}
