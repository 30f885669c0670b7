/** What an open project is asked of its stored text; workers that never train answer. */
import type { EngineEvent, ProjectApi } from '#shared/contract'
import type { MeasuredTexts } from '#shared/storedText'
import type { ProjectSession } from '../projectSession'

/** Answers what screens ask of the text of a project. */
export class TextQuestions {
  readonly #session: ProjectSession
  readonly #tell: (event: EngineEvent) => void
  readonly #closing = new AbortController()
  readonly #counting = new Map<string, Promise<MeasuredTexts>>()

  constructor(session: ProjectSession, tell: (event: EngineEvent) => void) {
    this.#session = session
    this.#tell = tell
  }

  readTexts: ProjectApi['readTexts'] = ({ study }) =>
    this.#session.askText('texts', this.#session.study(study), {})

  readLengths: ProjectApi['readLengths'] = ({ study: name }) => {
    const study = this.#session.study(name)
    // Screens that ask at once share one count, of the study and the text as they are now.
    const key = JSON.stringify([study, this.#session.corpora.map((one) => one.fingerprint)])
    const counting =
      this.#counting.get(key) ??
      this.#session
        .askText(
          'lengths',
          study,
          {},
          {
            signal: this.#closing.signal,
            onProgress: (progress) => this.#tell({ kind: 'progress', key: 'count', progress })
          }
        )
        .finally(() => {
          this.#counting.delete(key)
          this.#tell({ kind: 'ended', key: 'count' })
        })
    this.#counting.set(key, counting)
    return counting
  }

  listDocuments: ProjectApi['listDocuments'] = ({ study, ...request }) =>
    this.#session.askText('documents', this.#session.study(study), request)

  searchDocuments: ProjectApi['searchDocuments'] = ({ study, ...request }) =>
    this.#session.askText('search', this.#session.study(study), request)

  readDocument: ProjectApi['readDocument'] = ({ study, ...request }) =>
    this.#session.askText('document', this.#session.study(study), request)

  /** Ends what is being counted. */
  close(): void {
    this.#closing.abort(new Error('the project is closed'))
  }
}
